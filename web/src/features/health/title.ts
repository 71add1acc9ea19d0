// SPDX-License-Identifier: Apache-2.0
import { pick } from '../../app/i18n';

/** Names that are needed before the screen, apart from its other texts: they load with it. */
export const title = () => pick({ zh: '健康', en: 'Health' });
export const kpiTitle = () => pick({ zh: '报警绩效', en: 'Alarm KPI' });
