// SPDX-License-Identifier: Apache-2.0
import { pick } from '../../app/i18n';

/** Name of the screen, apart from its other texts: they load with it. */
export const title = () => pick({ zh: '设备集控', en: 'Plant' });
export const networkTitle = () => pick({ zh: '环网与基站', en: 'Ring and base stations' });
export const networkLegend = () =>
  pick({
    zh: '实线：环网段连通；橙色虚线加✕：断开；点线加?：未知。三角：基站及注册手机数，其下色带为覆盖巷道；橙色✕：停止服务',
    en: 'Solid: link of the ring up; orange dashes and ✕: down; dots and ?: not known. Triangle: base station and its phones, the band is the roadway that it covers; orange ✕: out of service',
  });
