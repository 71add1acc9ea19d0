// SPDX-License-Identifier: Apache-2.0
import en from './en.json';
import { texts } from './i18n';
import zh from './zh.json';

export const t = texts(zh, en);
