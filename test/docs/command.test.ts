import { commands } from '@foreman/cli/commands'
import { processes } from '@foreman/cli/processes'
import { expect, test } from 'vitest'
import { firstWords, read, section } from '../harness/documents.ts'

test('docs/command.md lists every command', () => {
  const usages = [...processes.map(({ words }) => words.join(' ')), ...commands.map(({ usage }) => usage)]
  const listed = firstWords(section(read('docs/command.md'), '## Commands'))
  expect(listed.toSorted()).toEqual(usages.toSorted())
})
