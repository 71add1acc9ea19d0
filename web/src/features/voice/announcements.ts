// SPDX-License-Identifier: Apache-2.0
/** Announcements that were recorded beforehand: records of the register "announcement". */
import { signal } from '@preact/signals';
import { api, request } from '../../api/client';
import { type Attachment, attachmentUrl, type Record_, upload } from '../../api/room';
import { t } from './texts';

const REGISTER = 'announcement';
const RATE = 8000;
const LONGEST_S = 300;

export interface Announcement {
  id: number;
  name: string;
  hash: string;
  /** Where it is heard. */
  url: string;
}

/** null: the site does not keep any, or the person may not see them. */
export const announcements = signal<Announcement[] | null>(null);

function known(r: Record_): Announcement | null {
  const file = (r.attachments ?? []).find((a: Attachment) => !a.ended && !a.erased);
  return file ? { id: r.id, name: r.label, hash: file.hash, url: attachmentUrl(file, r.id) } : null;
}

export async function loadAnnouncements(): Promise<void> {
  try {
    const page = await api.get<{ items: { id: number }[] }>(`/records/${REGISTER}`, { limit: 200 });
    const all = await Promise.all(
      page.items.map((x) => api.get<Record_>(`/records/${REGISTER}/${x.id}`)),
    );
    announcements.value = all.map(known).filter((x) => x !== null);
  } catch {
    announcements.value = null;
  }
}

/** 16 bits, one channel, 8 kHz: what phones and speakers take. */
export function wavOf(samples: Float32Array): Blob {
  const out = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const word = (at: number, s: string) =>
    [...s].forEach((c, i) => void out.setUint8(at + i, c.charCodeAt(0)));
  word(0, 'RIFF');
  out.setUint32(4, 36 + samples.length * 2, true);
  word(8, 'WAVEfmt ');
  out.setUint32(16, 16, true);
  out.setUint16(20, 1, true);
  out.setUint16(22, 1, true);
  out.setUint32(24, RATE, true);
  out.setUint32(28, RATE * 2, true);
  out.setUint16(32, 2, true);
  out.setUint16(34, 16, true);
  word(36, 'data');
  out.setUint32(40, samples.length * 2, true);
  samples.forEach((v, i) => {
    out.setInt16(44 + i * 2, Math.max(-1, Math.min(1, v)) * 32767, true);
  });
  return new Blob([out.buffer], { type: 'audio/wav' });
}

/** Whatever the browser can decode, as a WAV; throws with what is to be done. */
export async function convert(file: Blob): Promise<Blob> {
  const audio = await new OfflineAudioContext(1, 1, RATE)
    .decodeAudioData(await file.arrayBuffer())
    .catch(() => null);
  if (!audio) throw new Error(t('stored.bad'));
  if (audio.duration > LONGEST_S) throw new Error(t('stored.long'));
  const mono = new Float32Array(audio.length);
  for (let c = 0; c < audio.numberOfChannels; c++)
    audio.getChannelData(c).forEach((v, i) => {
      mono[i]! += v / audio.numberOfChannels;
    });
  return wavOf(mono);
}

/** Converts it, makes its record, attaches it; the record's id. */
export async function store(file: File): Promise<number> {
  const name = file.name.replace(/\.[^.]*$/, '').slice(0, 60);
  const wav = new File([await convert(file)], `${name}.wav`, { type: 'audio/wav' });
  const made = await request('record.create', { register: REGISTER, fields: { name } });
  const { record, version } = made.result as { record: number; version: number };
  const { hash, type, size } = await upload(wav, wav.name);
  const about = { hash, type, size, name: wav.name, meta: {} };
  await request('record.attach', { record, version, field: 'recording', ...about });
  await loadAnnouncements();
  return record;
}
