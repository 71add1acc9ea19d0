// SPDX-License-Identifier: Apache-2.0
/** What `?` opens: what this screen is for, where more is written, what marks mean, which keys act. */
import { Fragment } from 'preact';
import { Dialog } from '../../ui/Dialog';
import { CheckField } from '../../ui/Field';
import { Tag } from '../../ui/Tag';
import { QualityMark, qualityWord } from '../../ui/Value';
import { app } from '../app';
import { boundKeys } from '../keys';
import { keysOn } from '../prefs';
import { route } from '../router';
import { keysOpen } from '../shell/KeysHelp';
import { t as words } from '../texts';
import { helpOf, t } from './texts';

/** Below docs/; scripts/docs.mjs makes them pages of their own. */
const DOCS: Record<string, string> = {
  voice: 'howto/voice.md',
  incidents: 'howto/voice.md',
  people: 'howto/persons-below.md',
  registers: 'howto/make-a-register.zh.md',
  limits: 'site-format.md',
  backtest: 'howto/add-a-rule.md',
  'what-if': 'solvers.md',
  drainage: 'solvers.md',
  events: 'record-format.md',
  health: 'operations.md',
  mines: 'operations.md',
  users: 'security.md',
  audit: 'security.md',
};
const LEVELS = [1, 2, 3, 4] as const;
const QUALITIES = [
  'calibration',
  'manual',
  'over-range',
  'under-range',
  'broken',
  'feed-anomaly',
  'stale',
  'paused',
  'future-time',
  'gap',
];

function Marks() {
  return (
    <ul class="help-marks">
      {LEVELS.map((p) => (
        <li key={p}>
          <Tag severity={p} text />
        </li>
      ))}
      <li>
        <Tag severity={2} hollow /> {t('mark.hollow')}
      </li>
      {QUALITIES.map((q) => (
        <li key={q} aria-label={qualityWord(q)}>
          <QualityMark q={q} /> <span aria-hidden="true">{qualityWord(q)}</span>
        </li>
      ))}
    </ul>
  );
}

function Keys() {
  return (
    <dl class="kv keys-list">
      {boundKeys().map((k) => (
        <Fragment key={k.key}>
          <dt>
            <kbd>{k.key}</kbd>
          </dt>
          <dd>{k.title}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

export default function Help() {
  const id = route.value.parts[0] ?? 'map';
  const text = helpOf(id);
  const doc = DOCS[id] ?? 'index.md';
  const screen = app.screens.get(id)?.title();
  return (
    <Dialog
      title={screen ? t('title', { screen }) : t('title.none')}
      onClose={() => (keysOpen.value = false)}
    >
      {text && <p>{text}</p>}
      <p>
        <a href={`docs/${doc.replace(/\.md$/, '.html')}`} target="_blank" rel="noopener">
          {t(doc === 'index.md' ? 'all' : 'more')}
        </a>
      </p>
      <h3>{t('marks')}</h3>
      <Marks />
      <h3>{t('keys')}</h3>
      <p class="hint">{words('keys.note')}</p>
      <Keys />
      <CheckField
        label={words('keys.on')}
        checked={keysOn.value}
        onChange={(on) => (keysOn.value = on)}
      />
    </Dialog>
  );
}
