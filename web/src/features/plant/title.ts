// SPDX-License-Identifier: Apache-2.0
import { pick } from '../../app/i18n';

/** Name of the screen, apart from its other texts: they load with it. */
export const title = () => pick({ zh: '设备集控', en: 'Plant' });
export const networkTitle = () => pick({ zh: '环网与基站', en: 'Ring and base stations' });
export const closingWord = (whole: boolean) =>
  pick(whole ? { zh: '备', en: 'stand-by' } : { zh: '代', en: 'carries' });
export const networkLegend = () =>
  pick({
    zh: '实线：环网段连通；橙色虚线加✕：断开；点线加?：未知。两台核心交换机之间的点划线“备”：环完整时待用，断开一处后变实线“代”承载业务。三角：基站及注册手机数，其下色带为覆盖巷道；橙色✕：停止服务',
    en: 'Solid: link of the ring up; orange dashes and ✕: down; dots and ?: not known. Between the core switches, dash and dot: stands by while the ring is whole; solid: carries what a break cuts off. Triangle: base station and its phones, the band is the roadway that it covers; orange ✕: out of service',
  });
