import { expect, test } from 'vitest'
import { throughForeman, tryEverything, withoutForeman } from './battery.ts'
import { cases } from './cases.ts'
import { openaiChat, openaiChatOfPatience, openaiCompletions, openaiResponses } from './drivers/openai.ts'

const reasons = { limitWhole: 'openai-a-whole-answer-within-its-timeout' }

tryEverything(openaiChat, reasons)
tryEverything(openaiCompletions, reasons)
tryEverything(openaiResponses, reasons)

test('with its timeout raised, openai waits three times the limits of fetch for a whole answer', async () => {
  await throughForeman(openaiChatOfPatience, cases.limitWhole)
  await expect(withoutForeman(openaiChatOfPatience, cases.limitWhole)).rejects.toThrow(/timed out/)
})
