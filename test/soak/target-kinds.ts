import type { OddKind } from './odd-answer.ts'
import { oddBodies, oddEndings } from './odd-bodies.ts'
import { oddHeads } from './odd-heads.ts'

/** Every kind of odd answer, with what is odd about it. Its place is its number in the marks of requests. */
export const targetKinds: readonly (readonly [what: string, kind: OddKind])[] = Object.entries({
  ...oddHeads,
  ...oddBodies,
  ...oddEndings,
})
