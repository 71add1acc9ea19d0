// SPDX-License-Identifier: Apache-2.0
/** What a shape must not touch: which zones it touches, and where, drawn without a map. */
import {
  type Barriers as Answer,
  type Barrier,
  fieldOf,
  type Geo,
  type Record_,
  type Register,
  recordPath,
  type Touched,
} from '../../api/room';
import { pick } from '../../app/i18n';
import { href } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { boxOf, pathOf } from './sketch';
import { t } from './texts';

const WIDTH = 320;
const HEIGHT = 200;

/** The zones, the shape and, thick, what they have in common. */
export function Sketch({ shape, zones }: { shape: Geo | null; zones: readonly Touched[] }) {
  const all = [shape, ...zones.map((z) => z.zone)].filter((g) => g !== null);
  const common = zones.map((z) => z.overlap).filter((g) => g !== null);
  const fit = boxOf(all.length ? all : common, WIDTH, HEIGHT);
  if (!fit) return null;
  return (
    <figure class="rr-sketch">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} role="img">
        <title>{t('bar.sketch', { zones: zones.map((z) => z.label).join(t('comma')) })}</title>
        {zones.map((z) => z.zone && <path key={z.id} class="zone" d={pathOf(z.zone, fit)} />)}
        {shape && <path class="shape" d={pathOf(shape, fit)} />}
        {common.map((g, i) => (
          <path key={i} class="common" d={pathOf(g, fit)} />
        ))}
      </svg>
      <figcaption class="hint">{t('bar.legend')}</figcaption>
    </figure>
  );
}

function measured(z: Touched): string {
  if (z.area_m2 > 0) return t('bar.area', { ha: (z.area_m2 / 10_000).toFixed(2) });
  return z.length_m > 0 ? t('bar.length', { m: z.length_m.toFixed(0) }) : t('bar.point');
}

type Verdict = Answer['records'][number]['verdicts'][number];

function Result({ r, b, v }: { r: Register; b: Barrier; v: Verdict }) {
  const missing = v.missing.map((id) => pick(fieldOf(r, id)?.title) || id).join(t('comma'));
  if (v.holds === 'no') return <span class="hint">{t('bar.no')}</span>;
  if (v.holds === 'unknown') {
    return (
      <>
        <span class="mark">{t('prov.unknown')}</span>{' '}
        {v.no_zones ? t('bar.none') : missing && t('prov.missing', { facts: missing })}
      </>
    );
  }
  return (
    <>
      <b>{t(b.act === 'refuse' ? 'bar.forbidden' : 'bar.touches')}</b>
      {v.zones.map((z) => (
        <p key={z.id}>
          <a href={href(['registers', b.zone_register, String(z.id)])}>{z.label}</a> {measured(z)}
        </p>
      ))}
    </>
  );
}

export function Barriers({ r, rec }: { r: Register; rec: Record_ }) {
  const read = useRead<Answer>(`${recordPath(r.id, rec.id)}/barriers`);
  const verdicts = read.data?.records[0]?.verdicts;
  if (!read.data || !verdicts) return <Waiting read={read} />;
  const zones = verdicts.flatMap((v) => v.zones);
  const shapes = r.fields.filter((f) => f.type === 'geometry').map((f) => rec.fields[f.id]);
  const shape = (shapes.filter(Boolean).pop() as Geo | undefined) ?? null;
  return (
    <div class="stack">
      <table class="wide-table rr-prov">
        <thead>
          <tr>
            <th scope="col">{t('prov.no.col')}</th>
            <th scope="col">{t('prov.word')}</th>
            <th scope="col">{t('prov.what')}</th>
            <th scope="col">{t('prov.result')}</th>
          </tr>
        </thead>
        <tbody>
          {read.data.barriers.map((b, i) => (
            <tr key={b.id}>
              <th scope="row">{b.no}</th>
              <td class={b.act === 'refuse' ? 'rr-binding' : ''}>{b.word}</td>
              <td>
                <b>{pick(b.title)}</b>
                <p>{b.text}</p>
                <p class="hint">
                  {b.source.standard} {b.source.edition} {b.source.clause}
                </p>
              </td>
              <td>
                <Result r={r} b={b} v={verdicts[i]!} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {zones.length > 0 && <Sketch shape={shape} zones={zones} />}
    </div>
  );
}
