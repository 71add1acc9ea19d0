// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';

interface TabsProps {
  label: string;
  tabs: readonly { id: string; title: ComponentChildren }[];
  current: string;
  onChange: (id: string) => void;
}

/** A tab list; left and right move. The owner draws the panel of the current tab. */
export function Tabs({ label, tabs, current, onChange }: TabsProps) {
  function onKeyDown(e: KeyboardEvent) {
    const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    if (!step) return;
    e.preventDefault();
    const at = tabs.findIndex((t) => t.id === current);
    const to = tabs[(at + step + tabs.length) % tabs.length]!;
    onChange(to.id);
    (e.currentTarget as HTMLElement).querySelector<HTMLElement>(`[data-tab="${to.id}"]`)?.focus();
  }
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map((t) => (
        <button
          key={t.id}
          type="button"
          role="tab"
          data-tab={t.id}
          aria-selected={t.id === current}
          tabIndex={t.id === current ? 0 : -1}
          onClick={() => onChange(t.id)}
        >
          {t.title}
        </button>
      ))}
    </div>
  );
}
