// SPDX-License-Identifier: Apache-2.0
import { Lazy } from '../../app/Lazy';
import { dock } from './dock';

const load = () => import('./Dock');

export function Overlay() {
  return dock.value ? <Lazy load={load} props={{}} /> : null;
}
