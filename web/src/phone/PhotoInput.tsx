// SPDX-License-Identifier: Apache-2.0
/** The camera: each photo is made small, hashed and kept on the phone before anything else happens. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { errorText, toast } from '../ui/Toast';
import type { Kept } from './acts';
import { keepPhoto } from './photo';
import { t } from './texts';

export function Thumb({ blob, alt }: { blob: Blob; alt: string }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let gone = false;
    createImageBitmap(blob).then(
      (image) => {
        const c = ref.current;
        if (gone || !c) return;
        const k = Math.max(c.width / image.width, c.height / image.height);
        const [w, h] = [image.width * k, image.height * k];
        c.getContext('2d')?.drawImage(image, (c.width - w) / 2, (c.height - h) / 2, w, h);
      },
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [blob]);
  return <canvas ref={ref} class="ph-thumb" width={96} height={96} role="img" aria-label={alt} />;
}

interface Props {
  label: string;
  photos: readonly Kept[];
  add: (p: Kept) => void;
  drop?: (p: Kept) => void;
}

export function PhotoInput({ label, photos, add, drop }: Props) {
  const [busy, setBusy] = useState(false);
  async function take(list: FileList | null) {
    setBusy(true);
    try {
      for (const f of list ?? []) add(await keepPhoto(f));
    } catch (e) {
      toast(errorText(e));
    }
    setBusy(false);
  }
  return (
    <div class="stack">
      <label class="btn ph-camera" aria-busy={busy}>
        <b aria-hidden="true">◉</b> {busy ? t('photo.keeping') : label}
        <input
          class="sr"
          type="file"
          accept="image/*"
          capture="environment"
          aria-label={label}
          onChange={(e) => {
            const files = e.currentTarget.files;
            void take(files).finally(() => {
              e.currentTarget && (e.currentTarget.value = '');
            });
          }}
        />
      </label>
      {photos.length > 0 && (
        <ul class="ph-photos">
          {photos.map((p) => (
            <li key={p.hash}>
              <Thumb blob={p.blob} alt={p.name} />
              <small>
                {p.meta.accuracy
                  ? t('photo.place', { m: Math.round(Number(p.meta.accuracy)) })
                  : t('photo.noplace')}
              </small>
              {drop && (
                <button
                  type="button"
                  class="btn plain"
                  aria-label={t('photo.drop')}
                  onClick={() => drop(p)}
                >
                  ✕
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
