// SPDX-License-Identifier: Apache-2.0
/** Words and frames that say what the screen is not: connected, live, real. */
import { useRef } from 'preact/hooks';
import { ready } from '../../api/session';
import { site } from '../../api/site';
import { live, replayAt, replayError, replaying, replaySpeed } from '../../api/world';
import { hms, span, stamp } from '../format';
import { t } from '../texts';
import { beat } from '../ticker';

const LOST_MS = 5000;

/** No word from the server for 5 s: the screen is hatched and says since when. */
export function LinkLoss() {
  const since = useRef(0);
  const now = Math.max(beat.value, 0);
  const silent = live.lastEventAt > 0 ? now - live.lastEventAt : 0;
  const lost = ready.value && (silent > LOST_MS || (live.link.value === 'down' && live.lastEventAt === 0));
  if (!lost) {
    since.current = 0;
    return null;
  }
  if (since.current === 0) since.current = Date.now() - Math.max(0, silent);
  return (
    <div class="linkloss" role="alert">
      <p>
        <b>{t('linkLost', { at: hms(since.current) })}</b>
        <span>{t('linkLost.since', { span: span(Date.now() - since.current) })}</span>
      </p>
    </div>
  );
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
