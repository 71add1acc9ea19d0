// SPDX-License-Identifier: Apache-2.0
/** Machines by kind; runs of their sequences beside them. */
import '../../records/records.css';
import './plant.css';
import { useEffect, useState } from 'preact/hooks';
import { live } from '../../api/world';
import { route, setQuery } from '../../app/router';
import { type Asset, book, isAlive, refresh, type Sequence } from '../../sequences/book';
import { Runs } from '../../sequences/Runs';
import { StartDialog } from '../../sequences/StartDialog';
import { Tabs } from '../../ui/Tabs';
import { type Ask, Card, Figures, Sequences } from './Card';
import { EventBook } from './EventBook';
import { Face } from './Face';
import { Fan } from './Fan';
import { Hoist } from './Hoist';
import { KINDS } from './kinds';
import { Mix } from './Mix';
import { Pump } from './Pumps';
import { Parts } from './parts';
import { t } from './texts';
import { title } from './title';
import { Drill, Truck } from './Yard';

const ASK_MS = 5000;
/** Guards keep an event book. */
const BOOKED = new Set(['door', 'barrier', 'machine']);

function Machine({ asset, ask }: { asset: Asset; ask: Ask }) {
  const parts = new Parts(asset);
  switch (asset.kind) {
    case 'fan':
      return <Fan parts={parts} ask={ask} />;
    case 'pump':
      return <Pump asset={asset} ask={ask} />;
    case 'hoist':
      return <Hoist parts={parts} />;
    case 'face':
      return <Face parts={parts} />;
    case 'station':
      return <Mix parts={parts} />;
    case 'drill':
      return <Drill parts={parts} ask={ask} />;
    case 'truck':
      return <Truck parts={parts} />;
    default:
      return (
        <Card parts={parts}>
          <Figures parts={parts} />
          <Sequences parts={parts} ask={ask} />
          {BOOKED.has(asset.kind) && <EventBook parts={parts} />}
        </Card>
      );
  }
}

function useBook(): void {
  useEffect(() => {
    void refresh();
    const timer = setInterval(() => void refresh(), ASK_MS);
    const off = live.on('sequence', () => void refresh());
    return () => {
      clearInterval(timer);
      off();
    };
  }, []);
}

export default function PlantScreen() {
  const [asked, setAsked] = useState<{ q: Sequence; subject: string } | null>(null);
  useBook();
  const assets = book.value?.assets ?? [];
  const kinds = KINDS.filter((k) => assets.some((a) => a.kind === k));
  const kind = kinds.find((k) => k === route.value.query.kind) ?? kinds[0] ?? '';
  const mine = new Set(assets.filter((a) => KINDS.includes(a.kind)).flatMap((a) => a.points));
  const runs = (book.value?.runs ?? []).filter((r) => r.subjects.some((s) => mine.has(s)));
  const word = (k: string) => t(`kind.${k}` as Parameters<typeof t>[0]);
  return (
    <div class="desk plant">
      <div class="desk-head">
        <h1>{title()}</h1>
      </div>
      <div class="desk-bar">
        <Tabs
          label={t('kinds')}
          tabs={kinds.map((k) => ({ id: k, title: word(k) }))}
          current={kind}
          onChange={(k) => setQuery({ kind: k })}
        />
      </div>
      <div class={`desk-body plant-body${runs.some(isAlive) ? ' runs' : ''}`}>
        <div class="plant-grid">
          {assets
            .filter((a) => a.kind === kind)
            .map((a) => (
              <Machine key={a.id} asset={a} ask={(q, subject) => setAsked({ q, subject })} />
            ))}
        </div>
        {runs.length > 0 && <Runs only={mine} />}
      </div>
      {asked && <StartDialog q={asked.q} chosen={[asked.subject]} onClose={() => setAsked(null)} />}
    </div>
  );
}
