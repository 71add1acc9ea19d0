// SPDX-License-Identifier: Apache-2.0
/** One entry of several lines whose sum is zero. */
import { useState } from 'preact/hooks';
import { request } from '../../api/client';
import { unitSign } from '../../app/format';
import { pick } from '../../app/i18n';
import { Dialog } from '../../ui/Dialog';
import { SelectField, TextField } from '../../ui/Field';
import { errorText, toast } from '../../ui/Toast';
import { type Ledger, money, sumOf } from './model';
import { t } from './texts';

interface Typed {
  account: string;
  amount: string;
}

interface Props {
  l: Ledger;
  today: string;
  onClose: () => void;
  onDone: () => void;
}

export function PostDialog({ l, today, onClose, onDone }: Props) {
  const first = (i: number): Typed => ({ account: l.accounts[i]?.account ?? '', amount: '' });
  const [day, setDay] = useState(today);
  const [text, setText] = useState('');
  const [lines, setLines] = useState<Typed[]>([first(0), first(1)]);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const decimals = l.decimals ?? 2;
  const sum = sumOf(
    lines.map((x) => x.amount),
    decimals,
  );
  const put = (i: number, x: Partial<Typed>) =>
    setLines(lines.map((y, k) => (k === i ? { ...y, ...x } : y)));
  function send(e: Event) {
    e.preventDefault();
    setBusy(true);
    request('ledger.post', {
      ledger: l.id,
      day,
      text: text.trim(),
      lines: lines.map((x) => ({ account: x.account, amount: x.amount.trim() })),
    }).then(
      () => {
        toast(t('posted'));
        onDone();
        onClose();
      },
      (err: unknown) => {
        setBusy(false);
        setError(errorText(err));
      },
    );
  }
  const options = l.accounts.map((a) => ({ id: a.account, title: pick(a.title) || a.account }));
  return (
    <Dialog title={t('post.title', { ledger: pick(l.title) })} onClose={onClose}>
      <form class="stack ask" onSubmit={send}>
        <TextField label={t('day')} type="date" value={day} onInput={setDay} required />
        <TextField label={t('text')} value={text} onInput={setText} required />
        {lines.map((x, i) => (
          <div key={i} class="row lg-line">
            <SelectField
              bare
              label={`${t('post.line', { n: i + 1 })} ${t('account')}`}
              value={x.account}
              options={options}
              onChange={(account) => put(i, { account })}
            />
            <input
              class="input grow num"
              inputMode="decimal"
              aria-label={`${t('post.line', { n: i + 1 })} ${t('amount')}`}
              placeholder={unitSign(pick(l.unit ?? ''))}
              value={x.amount}
              onInput={(e) => put(i, { amount: e.currentTarget.value })}
            />
            <button
              type="button"
              class="btn plain"
              aria-label={t('post.drop', { n: i + 1 })}
              disabled={lines.length < 3}
              onClick={() => setLines(lines.filter((_, k) => k !== i))}
            >
              ✕
            </button>
          </div>
        ))}
        <div class="row">
          <button type="button" class="btn" onClick={() => setLines([...lines, first(0)])}>
            {t('post.add')}
          </button>
          <span class="grow hint">{t('post.sign')}</span>
          <b role="status">
            {sum === null ? '' : t('post.sum', { n: money(l, sum / 10 ** decimals) })}{' '}
            {sum !== null && sum !== 0 && t('post.zero')}
          </b>
        </div>
        {error && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <div class="row ask-foot">
          <button type="button" class="btn" onClick={onClose}>
            {t('cancel')}
          </button>
          <button
            type="submit"
            class="btn primary"
            disabled={busy || sum !== 0 || !text.trim() || !day}
          >
            {t('post.run')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
