// SPDX-License-Identifier: Apache-2.0
/** Forms about one user. A password is made here, sent once, shown once and kept nowhere. */
import { useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { PeopleRole, UserRow } from '../../api/records';
import { can } from '../../api/session';
import { pick } from '../../app/i18n';
import { Dialog } from '../../ui/Dialog';
import { CheckField, SelectField, TextField } from '../../ui/Field';
import { errorText, toast, toastError } from '../../ui/Toast';
import { randomPassword } from './password';
import { t } from './texts';

export type Doing =
  | { what: 'new' }
  | { what: 'roles' | 'reset' | 'disable'; user: UserRow }
  | { what: 'password'; user: string; password: string; fresh?: boolean };

interface DoingProps {
  roles: readonly PeopleRole[];
  onDone: (next?: Doing) => void;
  onClose: () => void;
}

function Roles({
  roles,
  chosen,
  set,
}: {
  roles: readonly PeopleRole[];
  chosen: readonly string[];
  set: (l: string[]) => void;
}) {
  return (
    <fieldset class="users-roles">
      <legend>{t('roles')}</legend>
      {roles.map((r) => (
        <CheckField
          key={r.id}
          label={pick(r.name) || r.id}
          checked={chosen.includes(r.id)}
          onChange={(on) => set(on ? [...chosen, r.id] : chosen.filter((x) => x !== r.id))}
        />
      ))}
    </fieldset>
  );
}

/** Step one of two: the system administrator makes the account, the security administrator opens it. */
function NewUser({ onDone, onClose }: DoingProps) {
  const [user, setUser] = useState('');
  const [name, setName] = useState('');
  const [language, setLanguage] = useState('zh');
  const [error, setError] = useState('');
  const good = /^[a-z0-9][a-z0-9._-]*$/.test(user) && name.trim();
  async function send(e: Event) {
    e.preventDefault();
    const password = randomPassword();
    try {
      await api.post('/users', { user, name: name.trim(), language, password });
      toast(t('created', { user }));
      onDone({ what: 'password', user, password, fresh: true });
    } catch (err) {
      setError(errorText(err));
    }
  }
  return (
    <Dialog title={t('new')} onClose={onClose}>
      <form class="stack ask" onSubmit={send}>
        <ol class="users-steps">
          <li aria-current="step">{t('step.account')}</li>
          <li>{t('step.roles')}</li>
        </ol>
        <TextField
          label={t('user')}
          hint={t('user.hint')}
          value={user}
          onInput={setUser}
          autocomplete="off"
          required
        />
        <TextField label={t('name')} value={name} onInput={setName} autocomplete="off" required />
        <SelectField
          label={t('language')}
          value={language}
          options={[
            { id: 'zh', title: '中文' },
            { id: 'en', title: 'English' },
          ]}
          onChange={setLanguage}
        />
        {error && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <button type="submit" class="btn primary" disabled={!good}>
          {t('create')}
        </button>
      </form>
    </Dialog>
  );
}

function EditRoles({ user, roles, onDone, onClose }: DoingProps & { user: UserRow }) {
  const [chosen, setChosen] = useState<string[]>(user.roles);
  return (
    <Dialog
      title={`${user.name} · ${t('roles')}`}
      onClose={onClose}
      footer={
        <button
          type="button"
          class="btn primary"
          disabled={!can('security.admin')}
          onClick={() =>
            api.patch(`/users/${encodeURIComponent(user.user)}`, { roles: chosen }).then(() => {
              toast(t('saved'));
              onDone();
            }, toastError)
          }
        >
          {t('save')}
        </button>
      }
    >
      <Roles roles={roles} chosen={chosen} set={setChosen} />
    </Dialog>
  );
}

function Sure({
  text,
  run,
  title,
  onClose,
}: {
  text: string;
  title: string;
  run: () => Promise<void>;
  onClose: () => void;
}) {
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <button type="button" class="btn" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="button" class="btn primary" onClick={() => run().catch(toastError)}>
            {t('ok')}
          </button>
        </>
      }
    >
      <p>{text}</p>
    </Dialog>
  );
}

function Password({
  user,
  password,
  fresh,
  onClose,
}: {
  user: string;
  password: string;
  fresh?: boolean;
  onClose: () => void;
}) {
  return (
    <Dialog title={`${user} · ${t('password')}`} onClose={onClose}>
      <p class="users-password">
        <output aria-label={t('password')}>{password}</output>
        <button
          type="button"
          class="btn"
          onClick={() =>
            navigator.clipboard?.writeText(password).then(() => toast(t('copied')), toastError)
          }
        >
          {t('copy')}
        </button>
      </p>
      <p class="hint">{t('password.explain')}</p>
      {fresh && <p>{t('step.next', { user })}</p>}
      <button type="button" class="btn primary" onClick={onClose}>
        {t('done')}
      </button>
    </Dialog>
  );
}

export function UserDialog({ doing, ...rest }: DoingProps & { doing: Doing }) {
  const { onDone, onClose } = rest;
  if (doing.what === 'new') return <NewUser {...rest} />;
  if (doing.what === 'password')
    return (
      <Password user={doing.user} password={doing.password} fresh={doing.fresh} onClose={onClose} />
    );
  const { user } = doing;
  const address = `/users/${encodeURIComponent(user.user)}`;
  if (doing.what === 'roles') return <EditRoles user={user} {...rest} />;
  if (doing.what === 'disable') {
    return (
      <Sure
        title={t('disable')}
        text={t('disable.sure', { name: user.name, user: user.user })}
        onClose={onClose}
        run={async () => {
          await api.patch(address, { disabled: true });
          onDone();
        }}
      />
    );
  }
  return (
    <Sure
      title={t('reset')}
      text={t('reset.sure', { name: user.name, user: user.user })}
      onClose={onClose}
      run={async () => {
        const password = randomPassword();
        await api.patch(address, { password });
        onDone({ what: 'password', user: user.user, password });
      }}
    />
  );
}
