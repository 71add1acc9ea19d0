// SPDX-License-Identifier: Apache-2.0
/** The video wall, `#/camera-wall?c=a,b` or, without any, what is near the newest alarm that nobody
 *  has acknowledged: dark, without controls of the desk. */
import './cameras.css';
import { useEffect, useState } from 'preact/hooks';
import { site } from '../../api/site';
import { live } from '../../api/world';
import { hms } from '../../app/format';
import { useKey } from '../../app/keys';
import { theme } from '../../app/prefs';
import { go, route } from '../../app/router';
import { AlarmTag } from '../../ui/Tag';
import { type Camera, cameras, chosenOf, MOST, nearest } from './state';
import { Tiles } from './Tiles';
import { t } from './texts';

function useDark() {
  useEffect(() => {
    const before = theme.value;
    document.documentElement.dataset.theme = 'dark';
    return () => {
      document.documentElement.dataset.theme = before;
    };
  }, []);
}

/** Cameras near the newest alarm; those of the one before it until it is known. */
function useNear(on: boolean): readonly Camera[] {
  const [list, setList] = useState<readonly Camera[]>([]);
  const point = on ? live.alarms.unacked.value[0]?.point : undefined;
  useEffect(() => {
    let gone = false;
    if (point) {
      nearest({ point }).then(
        (got) => !gone && setList(got),
        () => undefined,
      );
    }
    return () => {
      gone = true;
    };
  }, [point]);
  return list;
}

export default function CameraWall() {
  useDark();
  const [big, setBig] = useState<string>();
  const chosen = chosenOf(route.value.query.c, new Set(cameras.value.map((c) => c.id)));
  const near = useNear(!chosen.length);
  const fixed = chosen.flatMap((id) => cameras.value.find((c) => c.id === id) ?? []);
  const list = fixed.length ? fixed : near.length ? near : cameras.value.slice(0, MOST);
  const worst = live.alarms.unacked.value[0];
  for (let n = 1; n <= MOST; n++) {
    useKey(
      String(n),
      () => t('key.big', { n }),
      () => setBig(big === list[n - 1]?.id ? undefined : list[n - 1]?.id),
    );
  }
  useKey(
    'Escape',
    () => t('wall.leave'),
    () => go(['cameras'], chosen.length ? { c: chosen.join(',') } : {}),
  );
  return (
    <main class="camera-wall">
      <header class="row">
        <h1>{t('wall')}</h1>
        <b>{live.now.value ? hms(live.now.value) : '--:--:--'}</b>
        {worst && (
          <span class="row grow">
            <AlarmTag alarm={worst} /> {site.value.alarmName(worst)} {site.value.alarmTitle(worst)}
          </span>
        )}
        <span class="grow hint">{fixed.length ? '' : t('wall.near')}</span>
        <span class="hint">{t('wall.keys')}</span>
      </header>
      <Tiles
        list={list}
        big={list.some((c) => c.id === big) ? big : undefined}
        numbered
        onPick={(id) => setBig(id === big ? undefined : id)}
      />
    </main>
  );
}
