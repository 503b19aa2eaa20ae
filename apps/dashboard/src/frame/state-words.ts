import type { Live } from '../live/live.ts'

/** How the queue is, in a word, and how urgent that is. */
export interface StateWord {
  readonly word: string
  readonly look: 'good' | 'wanted' | 'wrong' | 'unknown'
}

export const stateWord = ({ snapshot, stream }: Pick<Live, 'snapshot' | 'stream'>): StateWord => {
  if (stream.kind === 'lost') return { word: 'connection lost', look: 'unknown' }
  if (!snapshot) return { word: 'connecting', look: 'unknown' }
  switch (snapshot.state) {
    case 'paused':
      return { word: 'paused', look: 'wanted' }
    case 'closed':
      return { word: 'closed', look: 'wanted' }
    case 'away':
      return { word: 'away', look: 'wrong' }
    case 'running':
      if (snapshot.health.degraded) return { word: 'degraded', look: 'wrong' }
      return { word: snapshot.running > 0 ? 'working' : 'idle', look: 'good' }
  }
}
