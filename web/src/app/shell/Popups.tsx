// SPDX-License-Identifier: Apache-2.0
/**
 * The pop-up duty: an urgent alarm, a power cut or a feed anomaly stands at the top right of any
 * screen until acknowledged. Never takes the focus, never covers the strip, three at most.
 */
import './popups.css';
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Alarm } from '../../api/model';
import { site } from '../../api/site';
import { live, lost } from '../../api/world';
import { AlarmTag, stateWord } from '../../ui/Tag';
import { app } from '../app';
import { hms } from '../format';
import { go } from '../router';
import { alarm } from '../selection';
import { t } from '../texts';
import { alarmNow, alarmValue, openAlarm } from './Strip';

const MUST = new Set(['cut', 'feed']);
export const needsPopup = (a: Alarm) => a.priority === 1 || MUST.has(a.category);

function Popup({ a }: { a: Alarm }) {
  const target = alarm(a.id);
  const actions = app.actions.list.filter(
    (x) => x.on.includes('alarm') && (x.when?.(target) ?? true),
  );
  return (
    <article class="popup">
      <button
        type="button"
        class="popup-main"
        title={site.value.alarmPlace(a)}
        onClick={() => openAlarm(a)}
      >
        <AlarmTag alarm={a} />
        <span class="popup-text">
          <span class="popup-line">
            <b class="ellipsis">{site.value.alarmTitle(a)}</b> <span>{hms(a.raised)}</span>{' '}
            {a.state !== 'unack' && <span class="hint ellipsis">{stateWord(a.state)}</span>}
          </span>
          <span class="popup-line">
            <span class="ellipsis">{site.value.alarmName(a)}</span> <b>{alarmNow(a, live)}</b>
          </span>
        </span>
      </button>
      <div class="row popup-actions">
        {actions.slice(0, 2).map((x) => (
          <button
            key={x.id}
            type="button"
            class="btn"
            disabled={x.acts === true && lost.value}
            title={x.title()}
            aria-label={`${x.title()} ${site.value.alarmName(a)}`}
            onClick={() => x.run(target)}
          >
            {x.title()}
          </button>
        ))}
      </div>
    </article>
  );
}

/** On the map they float; elsewhere they stand in a row above the screen and cover nothing. */
export function Popups({ floating }: { floating: boolean }) {
  const list = live.alarms.unacked.value.filter(needsPopup);
  if (list.length === 0) return null;
  return (
    <section class={`popups${floating ? ' floating' : ''}`} aria-label={t('popup.label')}>
      {list.slice(0, 3).map((a) => (
        <Popup key={a.id} a={a} />
      ))}
      {list.length > 3 && (
        <button type="button" class="btn" onClick={() => go(['alarms'], { unacked: '1' })}>
          {t('popup.more', { n: list.length - 3 })}
        </button>
      )}
    </section>
  );
}

const assertive = signal('');
const polite = signal('');
const POLITE_MS = 5000;

/** What a screen reader hears: urgent alarms at once, the rest as one line of counts in 5 s. */
export function LiveRegions() {
  useEffect(() => {
    const off = live.alarms.onChange((a) => {
      if (a.change !== 'raise' || a.priority !== 1) return;
      assertive.value = t('live.p1', {
        title: site.value.alarmTitle(a),
        name: site.value.alarmName(a),
        value: alarmValue(a),
      });
    });
    const timer = setInterval(() => {
      const n = { 1: 0, 2: 0, 3: 0, 4: 0 };
      for (const a of live.alarms.unacked.value) n[a.priority] += 1;
      polite.value = t('live.counts', { n1: n[1], n2: n[2], n3: n[3], n4: n[4] });
    }, POLITE_MS);
    return () => {
      off();
      clearInterval(timer);
    };
  }, []);
  return (
    <>
      <div class="sr" role="alert" aria-live="assertive">
        {assertive.value}
      </div>
      <div class="sr" role="status" aria-live="polite">
        {polite.value}
      </div>
    </>
  );
}
