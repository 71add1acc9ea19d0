// SPDX-License-Identifier: Apache-2.0
/** Up to nine live pictures over one connection, each with its name and what is wrong with it. */
import './cameras.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { url } from '../../api/client';
import { site } from '../../api/site';
import { hms } from '../../app/format';
import { nameOf } from '../../app/i18n';
import { beat } from '../../app/ticker';
import { watchVideo } from './frames';
import { Player } from './player';
import { type Camera, type CameraState, columnsOf, stateText } from './state';
import { t } from './texts';

const SILENT_MS = 3000;
/** Longer between key frames: a click waits as long for its picture. */
const KEY_S = 2.5;

type Sink = (kind: string, bytes: Uint8Array<ArrayBuffer>) => void;

interface TileProps {
  camera: Camera;
  register: (id: string, sink: Sink | null) => void;
  number?: number | undefined;
  big?: boolean;
  onPick?: ((id: string) => void) | undefined;
  onClose?: ((id: string) => void) | undefined;
}

function noteOf(s: CameraState, silent: boolean, at: number, wrong: string): string {
  if (wrong) return t('unsupported', { codec: wrong });
  if (s.known && !s.signal) return stateText(s);
  if (silent && at) return t('lost', { time: hms(at) });
  return at ? '' : t('opening');
}

function useTile(props: TileProps) {
  const { camera, register } = props;
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<CameraState>(camera);
  const [last, setLast] = useState({ at: 0, mono: 0 });
  const [wrong, setWrong] = useState('');
  useEffect(() => {
    if (!video.current) return;
    const player = new Player(video.current, setWrong);
    register(camera.id, (kind, bytes) => {
      if (kind === 's') {
        setState(JSON.parse(new TextDecoder().decode(bytes)) as CameraState);
        return;
      }
      if (kind === 'h') {
        setWrong('');
        player.head(bytes);
        return;
      }
      player.fragment(bytes, kind === 'k');
      setLast((was) =>
        kind === 'k' || !was.at || performance.now() - was.mono > 500
          ? { at: Date.now(), mono: performance.now() }
          : was,
      );
    });
    return () => {
      register(camera.id, null);
      player.dispose();
    };
  }, [camera.id]);
  return { video, state, last, wrong };
}

function Tile(props: TileProps) {
  const { camera, number, big, onPick, onClose } = props;
  const { video, state, last, wrong } = useTile(props);
  beat.value;
  const silent = performance.now() - last.mono > SILENT_MS;
  const note = noteOf(state, silent, last.at || state.since, wrong);
  const name = nameOf(camera);
  return (
    <figure
      class={`camera-tile${big ? ' big' : ''}${note ? ' dead' : ''}`}
      data-camera={camera.id}
      data-state={note ? 'lost' : 'live'}
    >
      <video ref={video} muted playsInline aria-label={t('video', { name })} />
      {note && (
        <p class="camera-note" role="status">
          {note}
        </p>
      )}
      <figcaption>
        {number !== undefined && <kbd>{number}</kbd>}
        <button
          type="button"
          class="camera-name ellipsis"
          disabled={!onPick}
          aria-pressed={big}
          onClick={() => onPick?.(camera.id)}
        >
          {name} · {site.value.placeName(camera.place)}
        </button>
        {state.sub && <span class="hint">{t('sub')}</span>}
        {state.key_s > KEY_S && (
          <span class="hint" title={t('key.hint')}>
            {t('key', { s: state.key_s.toFixed(1) })}
          </span>
        )}
        <a
          class="btn small"
          href={url(`/cameras/${encodeURIComponent(camera.id)}/still`)}
          download={`${camera.id}.jpg`}
          aria-label={t('still.of', { name })}
        >
          {t('still')}
        </a>
        {onClose && (
          <button
            type="button"
            class="btn small"
            aria-label={t('close', { name })}
            onClick={() => onClose(camera.id)}
          >
            ✕
          </button>
        )}
      </figcaption>
    </figure>
  );
}

interface TilesProps {
  list: readonly Camera[];
  big?: string | undefined;
  numbered?: boolean;
  onPick?: (id: string) => void;
  onClose?: (id: string) => void;
}

export function Tiles({ list, big, numbered, onPick, onClose }: TilesProps) {
  const sinks = useRef(new Map<string, Sink>());
  const ids = list.map((c) => c.id).join(',');
  useEffect(
    () => watchVideo(ids ? ids.split(',') : [], (id, k, b) => sinks.current.get(id)?.(k, b)),
    [ids],
  );
  const register = (id: string, sink: Sink | null) => {
    if (sink) sinks.current.set(id, sink);
    else sinks.current.delete(id);
  };
  return (
    <div
      class={`camera-tiles${big ? ' one' : ''}`}
      style={{ '--columns': String(columnsOf(list.length)) }}
    >
      {list.map((c, i) => (
        <Tile
          key={c.id}
          camera={c}
          register={register}
          number={numbered ? i + 1 : undefined}
          big={c.id === big}
          onPick={onPick}
          onClose={onClose}
        />
      ))}
    </div>
  );
}
