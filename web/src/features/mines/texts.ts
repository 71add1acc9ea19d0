// SPDX-License-Identifier: Apache-2.0
import { texts } from '../../app/i18n';
import en from './en.json';
import zh from './zh.json';

export const t = texts(zh, en);
