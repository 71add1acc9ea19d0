// SPDX-License-Identifier: Apache-2.0
/** A patrol: positions and check-ins are written to the phone as they come; it ends in a record. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { type Field, type Register, room } from '../api/room';
import { site } from '../api/site';
import { hm, hms, span } from '../app/format';
import { pick } from '../app/i18n';
import { PlacePicker } from '../registers/Picker';
import { download } from '../ui/download';
import { toast } from '../ui/Toast';
import * as db from './db';
import { metres } from './grid';
import { show } from './page';
import { located, type Where } from './photo';
import { type ReportTyped, startOf } from './Report';
import { t } from './texts';
import { keepWalk, walkField } from './walk';

export interface Fix extends Where {
  n: number;
  t: number;
  /** A check-in with its note; empty for a position of the track. */
  note?: string;
  /** Where the person says to be: underground there is no position. */
  place?: string;
}

interface Going {
  began: number;
  every: number;
}

const STEP_M = 8;
const STEP_MS = 30_000;
const MOST_ACCURACY_M = 60;
const VIBRATE_MS = 800;
const EVERY = [0, 10, 20, 30, 60];

const going = signal<Going | null>(null);
const fixes = signal<readonly Fix[]>([]);
const last = signal<Where | null>(null);
let watch = 0;

/** Everything that touches the track, one after the other: what was said before the end is in it. */
let writing: Promise<void> = Promise.resolve();
function inTurn(act: () => Promise<void>): Promise<void> {
  writing = writing.then(act, act);
  return writing;
}

function keepFix(w: Where, note?: string, place?: string): Promise<void> {
  const fix = {
    ...w,
    t: Date.now(),
    ...(note === undefined ? {} : { note }),
    ...(place ? { place } : {}),
  };
  return inTurn(async () => {
    if (!going.value) return; // it was ended meanwhile
    await db.put('track', fix);
    fixes.value = await db.all<Fix>('track');
  });
}

/** A position counts when it is sure enough and says something new. */
function take(p: GeolocationPosition): void {
  const w = located(p.coords);
  last.value = w;
  const before = fixes.value.at(-1);
  const moved = before ? metres([before.lon, before.lat], [w.lon, w.lat]) : Infinity;
  const old = before ? Date.now() - before.t : Infinity;
  if (w.accuracy > MOST_ACCURACY_M || (moved < STEP_M && old < STEP_MS)) return;
  void keepFix(w);
}

function start(): void {
  if (watch || !navigator.geolocation) return;
  watch = navigator.geolocation.watchPosition(take, () => undefined, {
    enableHighAccuracy: true,
    maximumAge: 5000,
  });
}

function stop(): void {
  navigator.geolocation?.clearWatch(watch);
  watch = 0;
}

/** A patrol that was under way when the page was closed goes on. */
export const resumePatrol = () =>
  inTurn(async () => {
    const g = (await db.get<Going>('kv', 'patrol')) ?? null;
    fixes.value = await db.all<Fix>('track');
    going.value = g;
    if (g) start();
  });

const begin = (every: number) =>
  inTurn(async () => {
    if (going.value) return;
    await db.tx(['track'], 'readwrite', (s) => void s('track').clear());
    const g = { began: Date.now(), every };
    await db.put('kv', g, 'patrol');
    fixes.value = [];
    last.value = null;
    going.value = g;
    start();
  });

/** A check-in without a position has accuracy 0: it is no part of the track. */
const placed = (list: readonly Fix[]) => list.filter((f) => f.accuracy > 0);

function lengthOf(all: readonly Fix[]): number {
  const list = placed(all);
  let m = 0;
  for (let i = 1; i < list.length; i++)
    m += metres([list[i - 1]!.lon, list[i - 1]!.lat], [list[i]!.lon, list[i]!.lat]);
  return Math.round(m);
}

const isLine = (f: Field) => f.type === 'geometry' && (f.kinds ?? ['line']).includes('line');

/** The register that takes a patrol: by its name, else the first with a line that I may make. */
export function patrolRegister(): Register | undefined {
  const fit = room.value.registers.filter(
    (r) => r.may.create && (walkField(r) || r.fields.some(isLine)),
  );
  return fit.find((r) => walkField(r)) ?? fit.find((r) => /patrol|inspection/.test(r.id)) ?? fit[0];
}

const placeName = (f: Fix) => (f.place ? site.value.placeName(f.place) : '');
const noteLine = (f: Fix) => [hm(f.t), placeName(f), f.note].filter(Boolean).join(' ');

/** The form's start: track, begin, end, length and check-ins go to the fields that fit. */
export function patrolDraft(r: Register, g: Going, list: readonly Fix[], end: number): ReportTyped {
  const line = list.filter((f) => f.x !== undefined).map((f) => [f.x!, f.y!]);
  const notes = list.filter((f) => f.note !== undefined).map(noteLine);
  const times = r.fields.filter((f) => f.type === 'time');
  const length = r.fields.find((f) => f.type === 'number' && /^k?m$/.test(String(f.unit ?? '')));
  const text = r.fields.find((f) => f.type === 'text' && !f.auto && !f.required);
  const track = r.fields.find(isLine);
  const m = lengthOf(list);
  return startOf(r, {
    ...(times[0] ? { [times[0].id]: g.began } : {}),
    ...(times[1] ? { [times[1].id]: end } : {}),
    ...(length ? { [length.id]: length.unit === 'km' ? m / 1000 : m } : {}),
    ...(text && notes.length ? { [text.id]: notes.join('；') } : {}),
    ...(track && line.length > 1 ? { [track.id]: { type: 'LineString', coordinates: line } } : {}),
  });
}

function saveTrack(g: Going, list: readonly Fix[]): void {
  const line = placed(list).map((f) => [f.lon, f.lat]);
  const file = {
    type: 'FeatureCollection',
    features: [
      {
        type: 'Feature',
        properties: { began: g.began },
        geometry: { type: 'LineString', coordinates: line },
      },
      ...list
        .filter((f) => f.note !== undefined)
        .map((f) => ({
          type: 'Feature',
          properties: { time: f.t, note: f.note },
          geometry: { type: 'Point', coordinates: [f.lon, f.lat] },
        })),
    ],
  };
  download('track.geojson', 'application/geo+json', JSON.stringify(file));
}

const end = () => inTurn(finish);

async function finish(): Promise<void> {
  const g = going.value;
  if (!g) return;
  stop();
  const r = patrolRegister();
  if (r) {
    const field = walkField(r);
    const walk = field ? await keepWalk(fixes.value) : null;
    const typed = patrolDraft(r, g, fixes.value, Date.now());
    const whole = walk && field ? { ...typed, walk: { field: field.id, walk } } : typed;
    await db.put('kv', whole, `typed:new/${r.id}`);
  } else saveTrack(g, fixes.value);
  await db.remove('kv', 'patrol');
  going.value = null;
  if (r) show(`report/${r.id}`);
}

function Running({ g }: { g: Going }) {
  const [note, setNote] = useState('');
  const [place, setPlace] = useState('');
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const list = fixes.value;
  const checks = list.filter((f) => f.note !== undefined);
  const since = checks.at(-1)?.t ?? g.began;
  const left = g.every ? since + g.every * 60_000 - now : 0;
  const late = left < 0;
  useEffect(() => {
    if (late) navigator.vibrate?.(VIBRATE_MS);
  }, [late]);
  function checkIn() {
    const w = last.value ?? { lon: 0, lat: 0, accuracy: 0 };
    if (!last.value && !place) toast(t('place.none'));
    void keepFix(w, note.trim() || t('checkin'), place);
    setNote('');
    setPlace('');
  }
  return (
    <>
      <p class="ph-clock" role="timer">
        {span(now - g.began)} <small>{(lengthOf(list) / 1000).toFixed(2)} km</small>
      </p>
      <p>
        {last.value ? t('gps', { m: Math.round(last.value.accuracy) }) : t('gps.none')} ·{' '}
        {t('fixes', { n: list.length })}
      </p>
      {g.every > 0 && (
        <p class={left < 0 ? 'ph-late' : ''}>
          {left < 0
            ? t('checkin.late', { span: span(-left) })
            : t('checkin.next', { span: span(left) })}
        </p>
      )}
      <div class="field">
        <span>{t('checkin.place')}</span>
        <PlacePicker value={place} label={t('checkin.place')} onPick={setPlace} />
      </div>
      <label class="field">
        <span>{t('note')}</span>
        <input class="input" value={note} onInput={(e) => setNote(e.currentTarget.value)} />
      </label>
      <button type="button" class="btn primary ph-big" onClick={checkIn}>
        {t('checkin')}
      </button>
      <ul class="ph-course">
        {[...checks].reverse().map((c) => (
          <li key={c.n}>
            <span class="hint">{hms(c.t)}</span> {placeName(c)} {c.note}
          </li>
        ))}
      </ul>
      <button type="button" class="btn" onClick={() => void end()}>
        {t('patrol.end')}
      </button>
    </>
  );
}

export function Patrol() {
  const [every, setEvery] = useState(30);
  const g = going.value;
  const r = patrolRegister();
  return (
    <div class="pad stack">
      <h1>{t('patrol')}</h1>
      {g ? (
        <Running g={g} />
      ) : (
        <>
          <p>{r ? t('patrol.into', { title: pick(r.title) }) : t('patrol.file')}</p>
          <label class="field">
            <span>{t('patrol.every')}</span>
            <select
              class="input"
              value={String(every)}
              onChange={(e) => setEvery(Number(e.currentTarget.value))}
            >
              {EVERY.map((m) => (
                <option key={m} value={m}>
                  {m ? t('every.min', { n: m }) : t('every.never')}
                </option>
              ))}
            </select>
          </label>
          <button type="button" class="btn primary ph-big" onClick={() => void begin(every)}>
            {t('patrol.begin')}
          </button>
        </>
      )}
    </div>
  );
}
