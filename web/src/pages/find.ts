/** The search of people, as a picker wants it. */
import { api } from '@/api';
import type { PersonRef } from '@/api/types';

/** As many as are read at a glance. */
const FOUND_MAX = 8;

export async function findPeople(q: string, signal: AbortSignal): Promise<PersonRef[]> {
  return (await api.people.find(q, FOUND_MAX, signal)).people;
}
