// SPDX-License-Identifier: Apache-2.0
import './object.css';
import type { ComponentChildren } from 'preact';
import { lost, replaying } from '../../api/world';
import { app } from '../../app/app';
import { Lazy } from '../../app/Lazy';
import { select, type Target } from '../../app/selection';
import { t } from './texts';

export function CardHead({ title, sub }: { title: ComponentChildren; sub: ComponentChildren }) {
  return (
    <header class="object-head">
      <div class="grow">
        <h2>{title}</h2>
        <p class="hint">{sub}</p>
      </div>
      <button type="button" class="btn plain" aria-label={t('close')} onClick={() => select(null)}>
        ✕
      </button>
    </header>
  );
}

/** Jump links and other actions that features offer for this thing. */
export function CardActions({
  target,
  children,
}: {
  target: Target;
  children?: ComponentChildren;
}) {
  const list = app.actions.list.filter(
    (a) => a.on.includes(target.kind) && !(a.acts && replaying.value) && (a.when?.(target) ?? true),
  );
  return (
    <div class="row wrap object-actions">
      {list.map((a) => (
        <button
          key={a.id}
          type="button"
          class="btn"
          disabled={a.acts === true && lost.value}
          onClick={() => a.run(target)}
        >
          {a.title()}
          {a.key && <kbd>{a.key}</kbd>}
        </button>
      ))}
      {children}
    </div>
  );
}

export function CardSections({ target }: { target: Target }) {
  const list = app.sections.list.filter(
    (s) => s.on.includes(target.kind) && (s.when?.(target) ?? true),
  );
  return (
    <>
      {list.map((s) => (
        <section key={s.id}>
          <h3>{s.title()}</h3>
          <Lazy load={s.load} props={{ target }} />
        </section>
      ))}
    </>
  );
}
