// SPDX-License-Identifier: Apache-2.0
/** The alarm strip: always live, always visible, in replay too. */
import type { Alarm, Priority } from '../../api/model';
import { logout, me, shiftAt } from '../../api/session';
import { site } from '../../api/site';
import { LOST_MS, live, lost, type World, world } from '../../api/world';
import { AlarmTag, priorityWord, stateWord, Tag } from '../../ui/Tag';
import { toastError } from '../../ui/Toast';
import { qualitySign, valueText } from '../../ui/Value';
import { app } from '../app';
import { mute } from '../console';
import { decimalsOf, hms, monthDay, num, siteOffset, span, unitSign } from '../format';
import { lang, pick } from '../i18n';
import { soundOn, theme } from '../prefs';
import { go } from '../router';
import { alarm, flyTo, select } from '../selection';
import { blocked, mutedUntil, unlock } from '../sound';
import { t } from '../texts';
import { beat } from '../ticker';
import { keysOpen } from './KeysHelp';
import { searchOpen } from './Search';

export function alarmValue(a: Alarm): string {
  if (a.value === undefined || a.value === null) return '';
  const p = site.value.pointById.get(a.point);
  if (p && (p.kind === 'switch' || p.kind === 'output')) return site.value.word(p, a.value);
  return `${num(a.value, decimalsOf(p?.resolution ?? 0.01))} ${unitSign(a.unit ?? '')}`;
}

/** Its value of this moment with the sign of its quality; that of the alarm where its point is not here. */
export function alarmNow(a: Alarm, w: World): string {
  const p = site.value.pointById.get(a.point);
  const r = p && w.points.at(p.i).value;
  if (!r) return alarmValue(a);
  const unit = p.kind === 'analog' ? ` ${site.value.unitOf(p)}` : '';
  const sign = qualitySign(r.q);
  return `${valueText(p, r)}${unit}${sign && ` ${sign}`}${w === live && lost.value ? '?' : ''}`;
}

/** The same, drawn anew by itself. */
export function AlarmNow({ alarm: a }: { alarm: Alarm }) {
  return <>{alarmNow(a, world.value)}</>;
}

/** `A`: the worst unacknowledged alarm is selected and brought into view. */
export function openAlarm(a: Alarm): void {
  const t = alarm(a.id);
  select(t);
  flyTo.value = t;
}

/** How fast the simulated plant goes; a word when this machine cannot keep what was asked. */
function PlantSpeed() {
  const rate = live.plantRate.value;
  const asked = live.plantAsked.value;
  if (!rate || asked <= 1) return null;
  const slowed = rate < 0.8 * asked;
  return (
    <span class="strip-speed" title={t(slowed ? 'speed.slowed' : 'speed.asked', { asked, rate })}>
      {slowed ? t('speed.short', { rate, asked }) : `×${asked}`}
    </span>
  );
}

/** The site's name; with neighbours it opens the list of them. */
function SiteName() {
  const name = pick(site.value.site.name);
  const others = site.value.site.neighbours ?? [];
  if (!others.length) return <span class="ellipsis">{name}</span>;
  return (
    <details class="menu site-switch">
      <summary class="btn plain" title={`${name}: ${t('site.switch')}`}>
        <span class="ellipsis">{name}</span> ▾
      </summary>
      <div class="menu-body panel">
        {others.map((o) => (
          <a key={o.url} class="btn plain" href={o.url}>
            {pick(o.name)}
          </a>
        ))}
      </div>
    </details>
  );
}

/** Of several nodes: which one this screen hears, what it does, how far it is behind. */
function NodeName() {
  const n = live.node.value;
  if (!n) return null;
  const behind = n.role === 'follows' && n.behind_ms > 1000;
  return (
    <span class="strip-who" title={t('node.holder', { node: n.holder || '–' })}>
      {n.node} {t(`node.${n.role}`)}
      {behind && ` ${t('node.behind', { s: (n.behind_ms / 1000).toFixed(1) })}`}
    </span>
  );
}

function Who() {
  const now = live.now.value;
  const shift = shiftAt(now, siteOffset.value);
  const shiftName = pick(site.value.site.shifts?.find((s) => s.id === shift)?.name);
  return (
    <>
      <span class="strip-site">
        <SiteName />
        {site.value.site.simulation && (
          <b class="sim-word" title={t('sim.long')}>
            {t('sim')}
          </b>
        )}
        <PlantSpeed />
        {live.drill.value && (
          <b class="sim-word">
            {t('drill')} {live.drill.value}
          </b>
        )}
        <NodeName />
      </span>
      <span class="strip-clock">
        <span class="strip-date">{now ? monthDay(now) : ''}</span>{' '}
        <time>{now ? hms(now) : '--:--:--'}</time>
        <span class="strip-who">
          {shiftName} {me.value?.name}
        </span>
      </span>
    </>
  );
}

/** What is wrong (one point may be over its limit and cut at once) and how much above where. */
function WorstItem({ a }: { a: Alarm }) {
  const now = live.now.value;
  const s = site.value;
  const [title, name, value] = [s.alarmTitle(a), s.alarmName(a), alarmNow(a, live)];
  return (
    <button
      type="button"
      class="strip-alarm"
      title={`${title} · ${name} ${value} · ${stateWord(a.state)}`}
      onClick={() => openAlarm(a)}
    >
      <AlarmTag alarm={a} />
      <span class="strip-what">
        <span class="strip-title">
          <span class="ellipsis">{title}</span> <b>{value}</b>
        </span>
        <span class="ellipsis">{name}</span>
      </span>
      <span class="strip-dur">{span(now - a.raised)}</span>
      <span class="strip-state">{stateWord(a.state)}</span>
    </button>
  );
}

function Counts() {
  const n = live.alarms.counts.value;
  return (
    <span class="strip-counts">
      {([1, 2, 3, 4] as Priority[]).map((p) => (
        <button
          key={p}
          type="button"
          title={t('strip.count', { word: priorityWord(p), n: n[p] })}
          onClick={() => go(['alarms'], { tab: 'active', priority: String(p) })}
        >
          <Tag severity={p} hollow={n[p] === 0} text={String(n[p])} />
        </button>
      ))}
    </span>
  );
}

/** Time since the last word of the server, or the engine's lag if that is more. */
export function dataAgeMs(): number {
  if (live.lastEventAt === 0) return -1;
  return Math.max(
    live.lagMs.value,
    Math.max(0, Math.max(beat.value, performance.now()) - live.lastEventAt),
  );
}

function DataAge() {
  beat.value;
  const ms = dataAgeMs();
  const late = ms > LOST_MS || lost.value;
  const text = ms < 0 ? t('dataAge.none') : t('dataAge', { age: `${Math.round(ms / 1000)}s` });
  return (
    <span class={`strip-age${late ? ' late' : ''}`} title={t('dataAge.title')}>
      {text} {late ? '?' : '✓'}
    </span>
  );
}

function SoundButton() {
  beat.value;
  const left = mutedUntil.value - Date.now();
  if (!soundOn.value) {
    return (
      <button
        type="button"
        class="btn plain inverse"
        title={t('sound.offTitle')}
        onClick={() => (soundOn.value = true)}
      >
        {t('sound.off')}
      </button>
    );
  }
  if (blocked.value) {
    return (
      <button
        type="button"
        class="btn plain inverse"
        title={t('sound.blocked.title')}
        onClick={() => void unlock()}
      >
        {t('sound.blocked')}
      </button>
    );
  }
  return (
    <button
      type="button"
      class={`btn plain${left > 0 ? ' inverse' : ''}`}
      title={t('mute.title')}
      onClick={() => mute().catch(toastError)}
    >
      {left > 0 ? t('muted', { span: span(left) }) : t('mute')}
    </button>
  );
}

export function Strip() {
  const worst = live.alarms.unacked.value.slice(0, 3);
  return (
    <header class="strip">
      <Who />
      <div class="strip-worst" role="group" aria-label={t('strip')}>
        {worst.length === 0 && <span class="hint">{t('strip.none')}</span>}
        {worst.map((a) => (
          <WorstItem key={a.id} a={a} />
        ))}
      </div>
      <Counts />
      <DataAge />
      <button type="button" class="btn plain" onClick={() => (searchOpen.value = true)}>
        {t('search')}
        <kbd>/</kbd>
      </button>
      <SoundButton />
      <button
        type="button"
        class="btn plain"
        title={t('key.keys')}
        aria-label={t('key.keys')}
        onClick={() => (keysOpen.value = true)}
      >
        ?
      </button>
      <button
        type="button"
        class="btn plain"
        title={t('lang.title')}
        onClick={() => (lang.value = lang.value === 'zh' ? 'en' : 'zh')}
      >
        {t('lang')}
      </button>
      <UserMenu />
    </header>
  );
}

function UserMenu() {
  return (
    <details class="menu">
      <summary class="btn plain" aria-label={t('user')}>
        ☰
      </summary>
      <div class="menu-body panel">
        <p class="hint">{me.value?.name}</p>
        {app.screens.get('handover') && (
          <a class="btn plain" href="#/handover">
            {t('handover')}
          </a>
        )}
        <button
          type="button"
          class="btn plain"
          onClick={() => (theme.value = theme.value === 'dark' ? 'light' : 'dark')}
        >
          {t('theme')}
          <kbd>Shift+D</kbd>
        </button>
        <button type="button" class="btn plain" onClick={() => (soundOn.value = !soundOn.value)}>
          {soundOn.value ? t('soundToggle') : t('sound.off')}
        </button>
        <button type="button" class="btn plain" onClick={() => void logout()}>
          {t('logout')}
        </button>
      </div>
    </details>
  );
}
