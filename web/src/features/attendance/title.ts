// SPDX-License-Identifier: Apache-2.0
import { pick } from '../../app/i18n';

/** Name of the screen, apart from its other texts: they load with it. */
export const title = () => pick({ zh: '下井考勤', en: 'Attendance' });
