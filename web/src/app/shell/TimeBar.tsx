// SPDX-License-Identifier: Apache-2.0
/**
 * The one clock control: a time axis with a histogram of alarms. Dragging on it turns the whole
 * screen into a replay; the strip stays live. `L` goes back.
 */
import { computed, signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { Alarm } from '../../api/model';
import { can } from '../../api/session';
import {
  backToLive,
  live,
  playPast,
  replayAt,
  replaying,
  replayPlaying,
  replaySpeed,
  setReplaySpeed,
  showPast,
} from '../../api/world';
import { Dialog } from '../../ui/Dialog';
import { TextField } from '../../ui/Field';
import { app } from '../app';
import { fromInput, hm, monthDay, stamp, toInput } from '../format';
import { t } from '../texts';

export const timeOpen = signal(false);

const HOUR = 3600_000;
const SPANS = [1, 8, 24, 24 * 7] as const;
const BUCKETS = 120;
const hours = signal<number>(1);
/** Right end of the axis while the past is shown; live, it is now. */
const heldEnd = signal(0);

export interface Bucket {
  high: number;
  low: number;
}

/** Alarms raised in each of n equal parts of [from, to); P1 and P2 apart, for they are drawn dark. */
export function histogram(
  alarms: readonly Pick<Alarm, 'raised' | 'priority'>[],
  from: number,
  to: number,
  n: number,
): Bucket[] {
  const out = Array.from({ length: n }, () => ({ high: 0, low: 0 }));
  for (const a of alarms) {
    const b = out[Math.floor(((a.raised - from) / (to - from)) * n)];
    if (b) b[a.priority <= 2 ? 'high' : 'low'] += 1;
  }
  return out;
}

const range = computed<[number, number]>(() => {
  const minute = Math.ceil(live.now.value / 10_000) * 10_000;
  const to = replaying.value && heldEnd.value ? heldEnd.value : minute;
  return [to - hours.value * HOUR, to];
});

function useHistory(): readonly Alarm[] {
  const [list, setList] = useState<readonly Alarm[]>([]);
  const [from, to] = range.value;
  const coarse = `${hours.value} ${Math.floor(to / 60_000)}`;
  // asked once a minute of the axis
  useEffect(() => {
    if (to < HOUR) return;
    let gone = false;
    api
      .get<{ items: Alarm[] }>('/alarms', {
        state: 'history',
        from: Math.round(from),
        to: Math.round(to),
        limit: 2000,
      })
      .then((r) => !gone && setList(r.items))
      .catch(() => undefined);
    return () => {
      gone = true;
    };
  }, [coarse]);
  return [...list, ...live.alarms.active.value.filter((a) => !list.some((h) => h.id === a.id))];
}

interface Mark {
  from: number;
  to: number;
  title: string;
}

/** What features tell of the span: asked once a minute of the axis, and when there is more. */
function useMarks(): readonly Mark[] {
  const [list, setList] = useState<readonly Mark[]>([]);
  const [from, to] = range.value;
  const sources = app.marks.list.filter((m) => !m.right || can(m.right));
  const coarse = `${hours.value} ${Math.floor(to / 60_000)} ${sources.map((m) => m.version?.() ?? 0)}`;
  useEffect(() => {
    if (to < HOUR) return;
    let gone = false;
    Promise.all(sources.map((m) => m.load(Math.round(from), Math.round(to)).catch(() => [])))
      .then((all) => !gone && setList(all.flat()))
      .catch(() => undefined);
    return () => {
      gone = true;
    };
  }, [coarse]);
  return list.filter((m) => m.to >= from && m.from <= to);
}

const DRAG_MS = 150;
/** Beyond this part of the axis a drag means: live. */
const LIVE_EDGE = 0.995;

function Axis() {
  const box = useRef<HTMLDivElement>(null);
  const dragging = useRef<{ last: number; wasPlaying: boolean } | null>(null);
  const [from, to] = range.value;
  const bars = histogram(useHistory(), from, to, BUCKETS);
  const max = Math.max(3, ...bars.map((b) => b.high + b.low));
  const now = replaying.value ? replayAt.value : live.now.value;
  const marks = useMarks();
  const place = (at: number) =>
    (Math.min(1, Math.max(0, (at - from) / (to - from))) * 100).toFixed(2);
  const part = Math.min(1, Math.max(0, (now - from) / (to - from)));

  function moveTo(clientX: number, final: boolean) {
    const r = box.current!.getBoundingClientRect();
    const p = Math.min(1, Math.max(0, (clientX - r.left) / r.width));
    if (final && p > LIVE_EDGE && heldEnd.value >= live.now.value - 60_000) {
      backToLive();
      return;
    }
    if (!replaying.value) heldEnd.value = to;
    const at = from + p * (to - from);
    replayAt.value = at;
    const d = dragging.current;
    const t0 = performance.now();
    if (!final && d && t0 - d.last < DRAG_MS) return;
    if (d) d.last = t0;
    void showPast(at, final ? (d?.wasPlaying ?? false) : false);
  }

  function onKeyDown(e: KeyboardEvent) {
    const stepMs = ((to - from) / BUCKETS) * (e.shiftKey ? 10 : 1);
    const by = e.key === 'ArrowLeft' ? -stepMs : e.key === 'ArrowRight' ? stepMs : 0;
    if (!by) return;
    e.preventDefault();
    if (!replaying.value) heldEnd.value = to;
    const at = now + by;
    if (at >= live.now.value) backToLive();
    else void showPast(at);
  }

  return (
    <div
      ref={box}
      class="axis"
      role="slider"
      tabIndex={0}
      aria-label={t('time.axis')}
      aria-valuemin={from}
      aria-valuemax={to}
      aria-valuenow={Math.round(now)}
      aria-valuetext={stamp(now)}
      onKeyDown={onKeyDown}
      onPointerDown={(e) => {
        if (e.button !== 0) return;
        box.current!.setPointerCapture(e.pointerId);
        dragging.current = { last: 0, wasPlaying: replayPlaying.value };
        moveTo(e.clientX, false);
      }}
      onPointerMove={(e) => dragging.current && moveTo(e.clientX, false)}
      onPointerUp={(e) => {
        if (!dragging.current) return;
        moveTo(e.clientX, true);
        dragging.current = null;
      }}
    >
      <svg viewBox={`0 0 ${BUCKETS} 20`} preserveAspectRatio="none" aria-hidden="true">
        {bars.map((b, i) => {
          const h = (b.high / max) * 18;
          const l = (b.low / max) * 18;
          return (
            <g key={i}>
              {b.high > 0 && (
                <rect class="bar-high" x={i + 0.1} width="0.8" y={20 - h} height={h} />
              )}
              {b.low > 0 && (
                <rect class="bar-low" x={i + 0.1} width="0.8" y={20 - h - l} height={l} />
              )}
            </g>
          );
        })}
      </svg>
      {marks.map((m) => (
        <i
          key={`${m.from} ${m.title}`}
          class="axis-mark"
          title={m.title}
          style={{ left: `${place(m.from)}%`, right: `${100 - Number(place(m.to))}%` }}
        />
      ))}
      <span class="axis-from">{hours.value > 24 ? `${monthDay(from)} ${hm(from)}` : hm(from)}</span>
      <span class="axis-to">{hm(to)}</span>
      <AxisCursor part={part} />
    </div>
  );
}

function AxisCursor({ part }: { part: number }) {
  return <i class="axis-cursor" style={{ left: `${part * 100}%` }} />;
}

function SpeedField() {
  return (
    <label class="speed">
      <span aria-hidden="true">×</span>
      <input
        class="input"
        list="kt-speeds"
        inputMode="decimal"
        aria-label={t('time.speed')}
        value={String(replaySpeed.value)}
        onChange={(e) => {
          const v = Number(e.currentTarget.value);
          if (v > 0) setReplaySpeed(v);
          e.currentTarget.value = String(replaySpeed.value);
        }}
      />
      <datalist id="kt-speeds">
        {[0.1, 0.5, 1, 2, 10, 60, 600, 3600].map((v) => (
          <option key={v} value={v} />
        ))}
      </datalist>
    </label>
  );
}

const STEP_MS = 10_000;

function ReplayControls() {
  const play = replayPlaying.value;
  return (
    <span class="row">
      <button type="button" class="btn" onClick={backToLive}>
        {t('time.back')}
        <kbd>L</kbd>
      </button>
      <button
        type="button"
        class="btn"
        aria-label={t('time.stepBack')}
        onClick={() => void showPast(replayAt.value - STEP_MS)}
      >
        ◀
      </button>
      <button
        type="button"
        class="btn"
        aria-label={play ? t('time.pause') : t('time.play')}
        onClick={() => playPast(!play)}
      >
        {play ? '❚❚' : '▶'}
      </button>
      <button
        type="button"
        class="btn"
        aria-label={t('time.stepForward')}
        onClick={() => void showPast(replayAt.value + STEP_MS)}
      >
        ▶▎
      </button>
      <SpeedField />
    </span>
  );
}

export function TimeBar() {
  const past = replaying.value;
  return (
    <footer class={`timebar${past ? ' past' : ''}`}>
      <b class="timebar-mode">
        {past ? `${t('time.replay')} ${stamp(replayAt.value)}` : `● ${t('time.live')}`}
      </b>
      {past && <ReplayControls />}
      {!past && can('history.read') && (
        <button type="button" class="btn" onClick={() => (timeOpen.value = true)}>
          {t('time.start')}
        </button>
      )}
      <Axis />
      <span class="row" role="group" aria-label={t('time.span')}>
        {SPANS.map((h) => (
          <button
            key={h}
            type="button"
            class="btn plain"
            aria-pressed={hours.value === h}
            onClick={() => (hours.value = h)}
          >
            {h < 48 ? `−${h}h` : `−${h / 24}d`}
          </button>
        ))}
      </span>
      {timeOpen.value && <TimeDialog />}
    </footer>
  );
}

/** Typed time, for what the axis does not reach. */
function TimeDialog() {
  const [at, setAt] = useState(
    toInput(replaying.value ? replayAt.value : live.now.value - 600_000),
  );
  const [speed, setSpeed] = useState(String(replaySpeed.value));
  const close = () => {
    timeOpen.value = false;
  };
  return (
    <Dialog
      title={t('time.replay')}
      onClose={close}
      footer={
        <button
          type="button"
          class="btn primary"
          onClick={() => {
            const ms = fromInput(at);
            if (ms === null) return;
            const v = Number(speed);
            if (v > 0) setReplaySpeed(v);
            heldEnd.value = Math.min(live.now.value, ms + (hours.value * HOUR) / 2);
            void showPast(ms, true);
            close();
          }}
        >
          {t('time.play')}
        </button>
      }
    >
      <TextField label={t('time.at')} type="datetime-local" step="1" value={at} onInput={setAt} />
      <TextField
        label={t('time.speed')}
        type="number"
        min="0.1"
        max="3600"
        step="0.1"
        value={speed}
        onInput={setSpeed}
      />
    </Dialog>
  );
}
