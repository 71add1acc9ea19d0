// SPDX-License-Identifier: Apache-2.0
/** The desk tells what it selected; a wall in the same browser flies there. */
import { effect } from '@preact/signals';
import { route } from '../../app/router';
import { flyTo, selection, type Target } from '../../app/selection';

const CHANNEL = 'kt-selection';

export function startFollowing(): void {
  if (typeof BroadcastChannel === 'undefined') return;
  const channel = new BroadcastChannel(CHANNEL);
  const onWall = () => route.value.parts[0] === 'wall';
  channel.onmessage = (e: MessageEvent<Target | null>) => {
    if (!onWall() || route.value.query.follow === '0') return;
    selection.value = e.data;
    if (e.data) flyTo.value = e.data;
  };
  let first = true;
  effect(() => {
    const target = selection.value;
    if (!first && !onWall()) channel.postMessage(target);
    first = false;
  });
}
