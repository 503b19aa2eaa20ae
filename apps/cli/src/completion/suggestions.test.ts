import { expect, test } from 'vitest'
import { commands } from '../commands/commands.ts'
import { suggestionsFor } from './suggestions.ts'

test.each<[string, string[], string, string[]]>([
  ['a command', [], 's', ['status', 'submit']],
  [
    'a word behind its group',
    ['jobs'],
    '',
    ['ls', 'show', 'why', 'cancel', 'retry', 'priority', 'watch', 'tail'],
  ],
  ['a flag', ['jobs', 'tail'], '--', ['--raw', '--url', '--json']],
  ['one of few words', ['jobs', 'priority'], '', ['high', 'normal', 'low']],
  ['a choice', ['windows', 'set', 'low'], '', ['open', 'closed']],
])('%s', (_, before, current, words) => {
  expect(suggestionsFor(commands, before, current).words).toEqual(expect.arrayContaining(words))
})

test.each([
  [['jobs', 'show'], 'jobs'],
  [['jobs', 'cancel', 'job_1'], 'jobs'],
  [['jobs', 'priority', 'low'], 'jobs'],
  [['webhook', 'ls'], 'jobs'],
  [['jobs', 'ls', '--model'], 'models'],
  [['hold'], 'models'],
  [['batches', 'results'], 'batches'],
  [['jobs', 'ls', '--json'], undefined],
  [['status'], undefined],
])('behind %j come %s', (before, known) => {
  expect(suggestionsFor(commands, before, '').known).toBe(known)
})
