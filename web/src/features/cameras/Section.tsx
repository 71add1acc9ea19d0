// SPDX-License-Identifier: Apache-2.0
/** On a card: what cameras saw of the alarm, and the cameras near the thing. */
import './cameras.css';
import { useEffect, useState } from 'preact/hooks';
import { api, url } from '../../api/client';
import { site } from '../../api/site';
import { live, replayAt, replaying } from '../../api/world';
import { hms } from '../../app/format';
import { nameOf } from '../../app/i18n';
import { pointIdOf, type Target } from '../../app/selection';
import { openDock } from './dock';
import { type Camera, cameras, nearest, stateText } from './state';
import { t } from './texts';

interface Kept {
  change: 'kept' | 'failed';
  camera: string;
  still?: string;
  clip?: string;
  from?: number;
  to?: number;
  text?: string;
}
const NEAR = 3;

const cameraName = (id: string) => {
  const c = cameras.value.find((x) => x.id === id);
  return c ? nameOf(c) : id;
};

function KeptOne({ alarm, one }: { alarm: string; one: Kept }) {
  const [clip, setClip] = useState('');
  const at = (hash: string) => url(`/alarms/${alarm}/pictures/${hash}`);
  useEffect(() => () => URL.revokeObjectURL(clip), [clip]);
  const name = cameraName(one.camera);
  if (one.change === 'failed')
    return (
      <li>
        {name}: {t('kept.failed')}
      </li>
    );
  const show = async () => {
    const r = await fetch(at(one.clip!), { credentials: 'same-origin' });
    if (r.ok) setClip(URL.createObjectURL(await r.blob()));
  };
  const label = t('kept.at', { name, from: hms(one.from ?? 0), to: hms(one.to ?? 0) });
  return (
    <li class="camera-kept">
      {clip ? (
        <video src={clip} controls autoplay muted loop aria-label={label} />
      ) : (
        <a href={at(one.still!)} target="_blank" rel="noreferrer">
          <img src={at(one.still!)} alt={label} />
        </a>
      )}
      <span class="row">
        <span class="grow">{label}</span>
        {!clip && (
          <button type="button" class="btn small" onClick={() => void show()}>
            ▶ {t('kept.play', { s: Math.round(((one.to ?? 0) - (one.from ?? 0)) / 1000) })}
          </button>
        )}
      </span>
    </li>
  );
}

function useKept(alarm: string): Kept[] {
  const [list, setList] = useState<Kept[]>([]);
  useEffect(() => {
    let gone = false;
    const ask = () =>
      api.get<{ items: Kept[] }>(`/alarms/${alarm}/pictures`).then(
        (r) => !gone && setList(r.items),
        () => undefined,
      );
    if (alarm) void ask();
    const off = live.on('picture', (p) => {
      if (String((p as { alarm?: number }).alarm) === alarm) setTimeout(() => void ask(), 300);
    });
    return () => {
      gone = true;
      off();
    };
  }, [alarm]);
  return list;
}

function Near({ target }: { target: Target }) {
  const [list, setList] = useState<Camera[]>([]);
  const point = pointIdOf(target);
  useEffect(() => {
    let gone = false;
    const query = point ? { point } : { place: target.id };
    nearest(query).then(
      (got) => !gone && setList(got.slice(0, NEAR)),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [point, target.id]);
  if (!list.length) return <p class="hint">{t('near.none')}</p>;
  return (
    <>
      <ul class="plain">
        {list.map((c) => (
          <li key={c.id}>
            {nameOf(c)} <span class="hint">{site.value.placeName(c.place)}</span>
            <span class="hint camera-state">{stateText(c)}</span>
          </li>
        ))}
      </ul>
      <button type="button" class="btn" onClick={() => openDock(list, t('dock.near'))}>
        {t('near.open')}
      </button>
    </>
  );
}

export default function Section({ target }: { target: Target }) {
  const kept = useKept(target.kind === 'alarm' ? target.id : '');
  const past = replaying.value ? replayAt.value : Number.POSITIVE_INFINITY;
  const shown = kept.filter((k) => (k.to ?? 0) <= past);
  return (
    <div class="stack">
      {shown.length > 0 && (
        <ul class="plain">
          {shown.map((k) => (
            <KeptOne key={`${k.camera}${k.still}`} alarm={target.id} one={k} />
          ))}
        </ul>
      )}
      {!replaying.value && <Near target={target} />}
    </div>
  );
}
