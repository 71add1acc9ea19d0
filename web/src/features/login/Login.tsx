// SPDX-License-Identifier: Apache-2.0
/** Log-in with sound test, language and theme; the first password is changed here. */
import './login.css';
import { useEffect, useState } from 'preact/hooks';
import type { Priority } from '../../api/model';
import { changePassword, login, me, sessionEnded, startError } from '../../api/session';
import { type Lang, lang, texts } from '../../app/i18n';
import { soundOn, type Theme, theme } from '../../app/prefs';
import { play, unlock } from '../../app/sound';
import { CheckField, SelectField, TextField } from '../../ui/Field';
import { priorityWord, Tag } from '../../ui/Tag';
import { errorText } from '../../ui/Toast';
import en from './en.json';
import zh from './zh.json';

const t = texts(zh, en);

function useAttempt() {
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  async function attempt(f: () => Promise<void>) {
    setBusy(true);
    setError('');
    try {
      await f();
    } catch (e) {
      setError(errorText(e));
    }
    setBusy(false);
  }
  return { error, busy, attempt, setError };
}

function LoginForm() {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [caps, setCaps] = useState(false);
  const { error, busy, attempt } = useAttempt();
  useEffect(() => document.querySelector<HTMLInputElement>('input[name=user]')?.focus(), []);
  return (
    <form
      class="stack"
      onSubmit={(e) => {
        e.preventDefault();
        void unlock();
        void attempt(() => login(user, password));
      }}
      onKeyDown={(e) => setCaps(e.getModifierState?.('CapsLock') ?? false)}
    >
      {sessionEnded.value && !error && (
        <p class="error" role="status">
          {t('ended')}
        </p>
      )}
      <TextField
        label={t('user')}
        name="user"
        autocomplete="username"
        required
        value={user}
        onInput={setUser}
      />
      <TextField
        label={t('password')}
        name="password"
        type="password"
        autocomplete="current-password"
        required
        value={password}
        onInput={setPassword}
        hint={caps ? t('caps') : undefined}
      />
      {(error || startError.value) && (
        <p class="error" role="alert">
          {error || startError.value}
        </p>
      )}
      <button type="submit" class="btn primary" disabled={busy}>
        {t('login')}
      </button>
    </form>
  );
}

function PasswordForm() {
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const { error, busy, attempt, setError } = useAttempt();
  return (
    <form
      class="stack"
      onSubmit={(e) => {
        e.preventDefault();
        if (next !== again) setError(t('differ'));
        else void attempt(() => changePassword(old, next));
      }}
    >
      <p>{t('first')}</p>
      <TextField
        label={t('old')}
        type="password"
        autocomplete="current-password"
        required
        value={old}
        onInput={setOld}
      />
      <TextField
        label={t('new')}
        type="password"
        autocomplete="new-password"
        required
        value={next}
        onInput={setNext}
      />
      <TextField
        label={t('again')}
        type="password"
        autocomplete="new-password"
        required
        value={again}
        onInput={setAgain}
      />
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      <button type="submit" class="btn primary" disabled={busy}>
        {t('change')}
      </button>
    </form>
  );
}

function SoundTest() {
  return (
    <fieldset>
      <legend>{t('sound')}</legend>
      <CheckField
        label={t('sound.on')}
        checked={soundOn.value}
        onChange={(on) => (soundOn.value = on)}
      />
      <div class="row wrap">
        {([1, 2, 3, 4] as Priority[]).map((p) => (
          <button
            key={p}
            type="button"
            class="btn"
            title={t('sound.test', { word: priorityWord(p) })}
            onClick={() => void unlock().then(() => play(p))}
          >
            <Tag severity={p} text />
          </button>
        ))}
      </div>
      <small class="hint">{t('sound.ok')}</small>
    </fieldset>
  );
}

export function Login() {
  return (
    <main class="login">
      <section class="panel">
        <h1>
          矿图 <span class="hint">Kuangtu</span>
        </h1>
        {me.value?.must_change_password ? <PasswordForm /> : <LoginForm />}
        <SoundTest />
        <div class="row">
          <SelectField
            label={t('lang')}
            value={lang.value}
            onChange={(v) => (lang.value = v as Lang)}
            options={[
              { id: 'zh', title: '中文' },
              { id: 'en', title: 'English' },
            ]}
          />
          <SelectField
            label={t('theme')}
            value={theme.value}
            onChange={(v) => (theme.value = v as Theme)}
            options={[
              { id: 'light', title: t('light') },
              { id: 'dark', title: t('dark') },
            ]}
          />
        </div>
      </section>
    </main>
  );
}
