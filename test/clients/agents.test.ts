import { expect, test } from 'vitest'
import { claudeCode } from './agents/claude-code.ts'
import { codex } from './agents/codex.ts'
import { agents } from './agents/environment.ts'
import { throughForeman, tryEssentials } from './battery.ts'
import { cases } from './cases.ts'

const { programs, missing } = await agents()

if (missing !== undefined) console.warn(`The coding agents are left out: ${missing}`)

test('the coding agents can be had', ({ skip }) => {
  skip(missing !== undefined, missing)
  expect(programs).toBeDefined()
})

test('codex waits three times as long as it gives each event', async ({ skip }) => {
  if (!programs) return skip(missing)
  await throughForeman(codex(programs.codex), cases.limitWhole)
})

if (programs) {
  const reticent = 'codex-an-answer-in-pieces'
  tryEssentials(codex(programs.codex), { pieces: reticent, behindPieces: reticent })
  tryEssentials(claudeCode(programs.claude))
}
