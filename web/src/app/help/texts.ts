// SPDX-License-Identifier: Apache-2.0
import { texts } from '../i18n';
import en from './en.json';
import zh from './zh.json';

export const t = texts(zh, en);

/** What a screen is for, in two sentences; '' for one that has none. */
export function helpOf(screen: string): string {
  const key = `screen.${screen}`;
  return key in zh ? t(key as keyof typeof zh) : '';
}
