// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { errorText } from '../ui/Toast';
import { who } from './state';
import { login } from './sync';
import { t } from './texts';

/** `again`: the session has ended; what waits stays on the phone. */
export function Login({ again }: { again?: boolean }) {
  const [user, setUser] = useState(who.value?.user ?? '');
  const [password, setPassword] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  function send(e: Event) {
    e.preventDefault();
    setBusy(true);
    setError('');
    login(user.trim(), password)
      .catch((err: unknown) => setError(errorText(err)))
      .finally(() => setBusy(false));
  }
  const form = (
    <form class="stack ph-login" onSubmit={send}>
      <h1>{t(again ? 'login.again' : 'login.title')}</h1>
      {again && <p>{t('login.kept')}</p>}
      <label class="field">
        <span>{t('login.user')}</span>
        <input
          class="input"
          name="user"
          autocomplete="username"
          autocapitalize="none"
          value={user}
          onInput={(e) => setUser(e.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{t('login.password')}</span>
        <input
          class="input"
          name="password"
          type="password"
          autocomplete="current-password"
          value={password}
          onInput={(e) => setPassword(e.currentTarget.value)}
        />
      </label>
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      <button type="submit" class="btn primary" disabled={busy || !user.trim() || !password}>
        {t('login.run')}
      </button>
    </form>
  );
  return again ? (
    <section class="panel pad">{form}</section>
  ) : (
    <main class="ph-main pad">{form}</main>
  );
}
