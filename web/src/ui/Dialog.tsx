// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from './texts';

const FIELDS =
  '.body :is(input:not([type=hidden], [type=checkbox], [type=radio], [type=file]), select, textarea):enabled';

interface DialogProps {
  title: ComponentChildren;
  onClose: () => void;
  children: ComponentChildren;
  footer?: ComponentChildren;
  /** false: the screen behind stays usable (pop-ups, response card). */
  modal?: boolean;
  class?: string;
}

/** A dialog on the browser's own <dialog>: focus trap, Escape and return of focus come with it. */
export function Dialog({
  title,
  onClose,
  children,
  footer,
  modal = true,
  class: cls,
}: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const d = ref.current!;
    const before = document.activeElement;
    if (modal && typeof d.showModal === 'function') {
      d.showModal();
      // where one begins to type; a dialog that only asks keeps the focus on what closes it
      d.querySelector<HTMLElement>(FIELDS)?.focus();
    } else d.setAttribute('open', '');
    return () => {
      d.close?.();
      if (before instanceof HTMLElement) before.focus();
    };
  }, [modal]);
  return (
    <dialog
      ref={ref}
      class={`dialog ${cls ?? ''}`}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
      onKeyDown={(e) => {
        if (modal) e.stopPropagation();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="btn plain" onClick={onClose} aria-label={t('close')}>
          ✕
        </button>
      </header>
      <div class="body">{children}</div>
      {footer && <footer>{footer}</footer>}
    </dialog>
  );
}
