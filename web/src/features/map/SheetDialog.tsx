// SPDX-License-Identifier: Apache-2.0
/** A sheet at 1:500 … 1:20 000 with title block: made, looked at, saved or printed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { me } from '../../api/session';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { day, fullStamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { t as ta } from '../../app/texts';
import type { MapData } from '../../map/base';
import { PAPERS, renderSheet, SCALES } from '../../map/print';
import { scaleOf } from '../../map/projection';
import type { MapView } from '../../map/view';
import { Dialog } from '../../ui/Dialog';
import { download } from '../../ui/download';
import { SelectField, TextField } from '../../ui/Field';
import { toastError } from '../../ui/Toast';
import { filter } from './state';
import { t } from './texts';

interface Props {
  view: MapView;
  data: MapData;
  onClose: () => void;
}

export function SheetDialog({ view, data, onClose }: Props) {
  const now = world.value.now.peek();
  const s = site.value.site;
  const wanted = scaleOf(view.state.value.resolution);
  const [paper, setPaper] = useState('A3');
  const [scale, setScale] = useState(
    String(SCALES.find((x) => x >= wanted) ?? SCALES[SCALES.length - 1]),
  );
  const [title, setTitle] = useState(`${pick(s.name)} ${t('title')}`);
  const [drawn, setDrawn] = useState(me.value?.name ?? '');
  const [checked, setChecked] = useState('');
  const [sheet, setSheet] = useState<HTMLCanvasElement | null>(null);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (sheet) box.current?.replaceChildren(sheet);
  }, [sheet]);

  const make = () =>
    renderSheet(
      {
        paper,
        scale: Number(scale),
        center: view.state.value.center,
        title,
        stamp: s.simulation ? ta('sim.long') : '',
        hidden: filter.value.hidden,
        rows: [
          { label: t('print.mine'), value: pick(s.name) },
          { label: t('print.scale'), value: `1:${scale}` },
          { label: t('print.drawn'), value: drawn },
          { label: t('print.crs'), value: s.crs?.name ?? '' },
          { label: t('print.checked'), value: checked },
          { label: t('print.time'), value: fullStamp(now) },
          { label: t('print.date'), value: day(now) },
          { label: '', value: 'Kuangtu' },
        ],
      },
      data,
    );

  return (
    <Dialog
      class="sheet"
      title={t('print.title')}
      onClose={onClose}
      footer={
        <>
          <button type="button" class="btn" onClick={() => void make().then(setSheet, toastError)}>
            {t('print.make')}
          </button>
          <button
            type="button"
            class="btn"
            disabled={!sheet}
            onClick={() =>
              sheet?.toBlob((b) => b && download(`${title} 1-${scale}.png`, 'image/png', b))
            }
          >
            {t('print.save')}
          </button>
          <button
            type="button"
            class="btn primary"
            disabled={!sheet}
            onClick={() => {
              document.documentElement.classList.add('printing-sheet');
              print();
              document.documentElement.classList.remove('printing-sheet');
            }}
          >
            {t('print.go')}
          </button>
        </>
      }
    >
      <div class="sheet-form">
        <SelectField
          label={t('print.paper')}
          value={paper}
          onChange={setPaper}
          options={Object.keys(PAPERS).map((id) => ({ id, title: id }))}
        />
        <SelectField
          label={t('print.scale')}
          value={scale}
          onChange={setScale}
          options={SCALES.map((n) => ({ id: String(n), title: `1:${n}` }))}
        />
        <TextField label={t('print.name')} value={title} onInput={setTitle} />
        <TextField label={t('print.drawn')} value={drawn} onInput={setDrawn} />
        <TextField label={t('print.checked')} value={checked} onInput={setChecked} />
      </div>
      <div ref={box} class="sheet-preview" role="img" aria-label={t('print.preview')} />
    </Dialog>
  );
}
