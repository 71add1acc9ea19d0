// SPDX-License-Identifier: Apache-2.0
/** Strip, rail, screen, object card, time bar; and what may stand over all of them. */
import { useEffect } from 'preact/hooks';
import { can } from '../../api/session';
import {
  backToLive,
  live,
  playPast,
  replayAt,
  replaying,
  replayPlaying,
  showPast,
} from '../../api/world';
import { Toasts } from '../../ui/Toast';
import { app, type Screen } from '../app';
import { bindKey } from '../keys';
import { Lazy, preload } from '../Lazy';
import { theme } from '../prefs';
import { go, route } from '../router';
import { select, selection } from '../selection';
import { t } from '../texts';
import { frameMode, LinkLoss, ModeFrame } from './Frames';
import { KeysHelp, keysOpen, loadHelp } from './KeysHelp';
import { LiveRegions, Popups } from './Popups';
import { Search, searchOpen } from './Search';
import { openAlarm, Strip } from './Strip';
import { TimeBar, timeOpen } from './TimeBar';

const HOME = 'map';
const STEP_MS = 10_000;
const AHEAD_MS = 4000;

function current(): Screen | undefined {
  return app.screens.get(route.value.parts[0] ?? HOME);
}

const allowed = (s: Screen) => !s.right || can(s.right);

function Count({ s }: { s: Screen }) {
  const n = s.count?.() ?? 0;
  if (!n) return null;
  return (
    <small class="rail-count" title={s.countTitle?.()}>
      {n > 999 ? '999+' : n}
      <span class="sr"> {s.countTitle?.()}</span>
    </small>
  );
}

function Rail() {
  const now = current()?.id;
  return (
    <nav class="rail" aria-label={t('nav')}>
      {app.screens.list
        .filter((s) => s.glyph && allowed(s))
        .map((s) => (
          <a
            key={s.id}
            href={`#/${s.id}`}
            aria-current={s.id === now ? 'page' : undefined}
            title={s.key ? `g ${s.key}` : s.title()}
          >
            <b aria-hidden="true">{s.glyph}</b>
            <span>{s.title()}</span>
            <Count s={s} />
          </a>
        ))}
    </nav>
  );
}

function ScreenView() {
  const s = current();
  if (!s) return <p class="pad">{t('notFound', { path: route.value.parts.join('/') })}</p>;
  if (!allowed(s)) return <p class="pad">{t('noRight')}</p>;
  return <Lazy key={s.id} load={s.load} props={{}} />;
}

function CardPane() {
  const target = selection.value;
  if (!target || current()?.ownPane) return null;
  const view = app.cards.get(target.kind);
  if (!view) return null;
  return (
    <aside class="cardpane" aria-label={t('card.label')}>
      <Lazy key={target.kind} load={view.load} props={{ target }} />
    </aside>
  );
}

function step(by: number): void {
  if (replaying.value) void showPast(replayAt.value + by);
}

function worst(): void {
  const a = live.alarms.unacked.value[0];
  if (a) openAlarm(a);
}

function bindShellKeys(): () => void {
  const off = [
    bindKey({ key: '/', title: () => t('key.search'), run: () => (searchOpen.value = true) }),
    bindKey({ key: '?', title: () => t('key.keys'), run: () => (keysOpen.value = true) }),
    bindKey({ key: 'A', title: () => t('key.worst'), run: worst }),
    bindKey({ key: 'L', title: () => t('key.live'), run: backToLive }),
    bindKey({
      key: 'Space',
      title: () => t('key.play'),
      when: () => replaying.value,
      run: () => playPast(!replayPlaying.value),
    }),
    bindKey({
      key: '[',
      title: () => t('key.back'),
      when: () => replaying.value,
      run: () => step(-STEP_MS),
    }),
    bindKey({
      key: ']',
      title: () => t('key.forward'),
      when: () => replaying.value,
      run: () => step(STEP_MS),
    }),
    bindKey({ key: 'Escape', title: () => t('key.close'), run: () => select(null) }),
    bindKey({ key: 'Shift+R', title: () => t('key.replay'), run: () => (timeOpen.value = true) }),
    bindKey({
      key: 'Shift+D',
      title: () => t('key.theme'),
      run: () => (theme.value = theme.value === 'dark' ? 'light' : 'dark'),
    }),
  ];
  for (const s of app.screens.list) {
    if (!s.key || !allowed(s)) continue;
    off.push(
      bindKey({
        key: `g ${s.key}`,
        title: () => t('key.goto', { title: s.title() }),
        run: () => go([s.id]),
      }),
    );
  }
  for (const a of app.actions.list) {
    if (!a.key) continue;
    const target = () => selection.value;
    off.push(
      bindKey({
        key: a.key,
        title: () => a.title(),
        when: () => {
          const now = target();
          return (
            !!now &&
            a.on.includes(now.kind) &&
            (a.when?.(now) ?? true) &&
            !(a.acts && replaying.value)
          );
        },
        run: () => a.run(target()!),
      }),
    );
  }
  return () => {
    for (const f of off) f();
  };
}

/**
 * The screens that one may see are fetched one after another while nothing else is to be done: the
 * first look at each is as quick as the next, and they are there when the server is not.
 */
function fetchAhead(): () => void {
  let gone = false;
  const timer = setTimeout(async () => {
    await preload(loadHelp);
    for (const s of app.screens.list.filter((x) => x.glyph && allowed(x))) {
      if (gone) return;
      await preload(s.load as Parameters<typeof preload>[0]);
    }
  }, AHEAD_MS);
  return () => {
    gone = true;
    clearTimeout(timer);
  };
}

export function Shell() {
  useEffect(bindShellKeys, [app.screens.list, app.actions.list]);
  useEffect(fetchAhead, [app.screens.list]);
  const s = current();
  if (s?.bare) {
    return (
      <>
        <ScreenView />
        <LinkLoss />
      </>
    );
  }
  return (
    <div class={`shell ${frameMode()}`}>
      <Strip />
      <Rail />
      {!s?.floatPopups && <Popups floating={false} />}
      <main class="screen">
        {s?.floatPopups && <Popups floating />}
        <div class="screen-body">
          <ScreenView />
        </div>
        <ModeFrame />
      </main>
      <CardPane />
      <TimeBar />
      {app.overlays.list.map((o) => (
        <o.view key={o.id} />
      ))}
      <Search />
      <KeysHelp />
      <Toasts />
      <LinkLoss />
      <LiveRegions />
    </div>
  );
}
