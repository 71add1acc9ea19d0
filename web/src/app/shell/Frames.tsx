// SPDX-License-Identifier: Apache-2.0
/** Words and frames that say what the screen is not: connected, live, real. */
import { ready } from '../../api/session';
import { site } from '../../api/site';
import {
  live,
  lost,
  lostSince,
  replayAt,
  replayError,
  replaying,
  replaySpeed,
} from '../../api/world';
import { hms, span, stamp } from '../format';
import { t } from '../texts';
import { beat } from '../ticker';
import './nodes.css';

/** No word from the server for 5 s: the screen is hatched and says since when. */
export function LinkLoss() {
  beat.value;
  if (!ready.value) return null;
  if (live.failed.value) {
    return (
      <div class="linkloss" role="alert">
        <p>
          <b>{t('failed')}</b>
        </p>
      </div>
    );
  }
  if (!lost.value) {
    if (live.node.value?.role !== 'cut-off') return null;
    return (
      <div class="cut-off" role="alert">
        {t('node.cutOff')}
      </div>
    );
  }
  return (
    <div class="linkloss" role="alert">
      <p>
        <b>{t('linkLost', { at: hms(lostSince.value) })}</b>
        <span>{t('linkLost.since', { span: span(Date.now() - lostSince.value) })}</span>
      </p>
    </div>
  );
}

/** A class of the shell that leaves room for the frame. */
export function frameMode(): string {
  if (replaying.value) return 'framed';
  if (live.drill.value) return 'framed';
  return site.value.site.simulation ? 'framed-thin' : '';
}

export function ModeFrame() {
  if (replaying.value) {
    return (
      <div class="mode-frame replay">
        <p>
          {t('time.replayTitle', { at: stamp(replayAt.value), speed: replaySpeed.value })}
          {replayError.value && <span> · {t('time.error', { text: replayError.value })}</span>}
        </p>
      </div>
    );
  }
  if (live.drill.value) {
    return (
      <div class="mode-frame drill">
        <p>
          {t('drill')} {live.drill.value}
        </p>
      </div>
    );
  }
  if (site.value.site.simulation) return <div class="mode-frame sim" />;
  return null;
}
