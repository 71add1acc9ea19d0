// SPDX-License-Identifier: Apache-2.0
/** Photos and files of a record: thumbnails, a preview with where and when, adding, taking out. */
import { useState } from 'preact/hooks';
import {
  type Attachment,
  attachmentUrl,
  personName,
  type Record_,
  type Register,
} from '../../api/room';
import { can } from '../../api/session';
import { fullStamp } from '../../app/format';
import { pick } from '../../app/i18n';
import type { useAsk } from '../../records/Ask';
import {
  attachAll,
  type Chosen,
  FileInput,
  type Sending,
  SendingLine,
  sizeText,
} from '../../registers/Files';
import { isFiles, isWalk } from '../../registers/value';
import { Dialog } from '../../ui/Dialog';
import { toastError } from '../../ui/Toast';
import { t } from './texts';

interface Props {
  r: Register;
  rec: Record_;
  acts: boolean;
  ask: ReturnType<typeof useAsk>[0];
  again: () => void;
}

const isImage = (a: Attachment) => a.type.startsWith('image/') && !a.erased;
const nameOf = (a: Attachment) => (a.erased ? t('erased') : (a.name ?? a.hash.slice(0, 8)));

function Preview({ a, rec, onClose }: { a: Attachment; rec: Record_; onClose: () => void }) {
  const m = a.meta ?? {};
  return (
    <Dialog class="rr-preview" title={nameOf(a)} onClose={onClose}>
      {isImage(a) ? (
        <img class="rr-image" src={attachmentUrl(a, rec.id)} alt={nameOf(a)} />
      ) : a.erased ? (
        <p>{t('erased.at', { at: fullStamp(a.erased) })}</p>
      ) : (
        <p>
          <a class="btn" href={attachmentUrl(a, rec.id)} download={nameOf(a)}>
            {t('download')}
          </a>
        </p>
      )}
      <dl class="kv">
        <dt>{t('att.by')}</dt>
        <dd>
          {personName(a.by)} {a.time ? fullStamp(a.time) : ''}
        </dd>
        {m.taken && (
          <>
            <dt>{t('att.taken')}</dt>
            <dd>{fullStamp(m.taken)}</dd>
          </>
        )}
        {m.x !== undefined && m.y !== undefined && (
          <>
            <dt>{t('att.where')}</dt>
            <dd>
              {m.x.toFixed(1)} {m.y.toFixed(1)}
            </dd>
          </>
        )}
        <dt>SHA-256</dt>
        <dd class="rr-hash">{a.hash}</dd>
      </dl>
    </Dialog>
  );
}

function One({ a, p, open }: { a: Attachment; p: Props; open: () => void }) {
  return (
    <li class="rr-att">
      <button
        type="button"
        class="rr-thumb"
        onClick={open}
        aria-label={t('att.open', { name: nameOf(a) })}
      >
        {isImage(a) ? (
          <img src={attachmentUrl(a, p.rec.id, true)} alt="" loading="lazy" />
        ) : (
          <b>{a.erased ? '∅' : nameOf(a).split('.').pop()?.toUpperCase().slice(0, 4)}</b>
        )}
      </button>
      <span class={`ellipsis${a.erased ? ' hint' : ''}`} title={nameOf(a)}>
        {nameOf(a)}
      </span>
      <span class="hint">{sizeText(a.size)}</span>
      {p.acts && can('personal.erase') && !a.erased && (
        <button
          type="button"
          class="btn plain rr-small"
          onClick={() =>
            p.ask({
              title: t('erase.what', { what: nameOf(a) }),
              explain: t('erase.why'),
              verb: 'record.erase',
              fields: [{ name: 'reason', label: t('reason'), kind: 'area' }],
              args: (v) => ({ record: p.rec.id, hash: a.hash, ...v }),
              done: p.again,
            })
          }
        >
          {t('erase')}
        </button>
      )}
      {p.acts && p.r.may.write && !a.erased && (
        <button
          type="button"
          class="btn plain rr-small"
          onClick={() =>
            p.ask({
              title: t('att.end', { name: nameOf(a) }),
              explain: t('att.end.why'),
              verb: 'record.detach',
              fields: [{ name: 'reason', label: t('reason'), kind: 'area' }],
              args: (v) => ({ record: p.rec.id, field: a.field, hash: a.hash, ...v }),
              done: p.again,
            })
          }
        >
          {t('att.out')}
        </button>
      )}
    </li>
  );
}

export function Attachments(p: Props) {
  const { r, rec } = p;
  const [open, setOpen] = useState<Attachment | null>(null);
  const [sending, setSending] = useState<Sending | null>(null);
  const fields = r.fields.filter((f) => isFiles(f) && !isWalk(f) && !f.ended);
  const list = (rec.attachments ?? []).filter(
    (a) => !a.ended && fields.some((f) => f.id === a.field),
  );
  function add(chosen: Chosen[]) {
    attachAll(rec.id, rec.version, chosen, setSending).then(p.again, (e) => {
      setSending(null);
      toastError(e);
      p.again();
    });
  }
  return (
    <section class="card">
      <header>
        <h2>{t('atts', { n: list.length })}</h2>
      </header>
      <div class="body stack">
        {fields.map((f) => {
          const mine = list.filter((a) => a.field === f.id);
          return (
            <div key={f.id} class="stack">
              {!(p.acts && r.may.write && f.may_write !== false) && <h3>{pick(f.title)}</h3>}
              {mine.length > 0 && (
                <ul class="rr-atts">
                  {mine.map((a) => (
                    <One key={a.hash} a={a} p={p} open={() => setOpen(a)} />
                  ))}
                </ul>
              )}
              {p.acts && r.may.write && f.may_write !== false && (
                <FileInput f={f} chosen={[]} set={add} />
              )}
            </div>
          );
        })}
        <SendingLine s={sending} />
      </div>
      {open && <Preview a={open} rec={rec} onClose={() => setOpen(null)} />}
    </section>
  );
}
