// SPDX-License-Identifier: Apache-2.0
import { pick } from '../../app/i18n';

/** Names that are needed before the screen, apart from its other texts: they load with it. */
export const title = () => pick({ zh: '用户', en: 'Users' });
export const rolesTitle = () => pick({ zh: '角色', en: 'Roles' });
export const auditTitle = () => pick({ zh: '访问日志', en: 'Access log' });
