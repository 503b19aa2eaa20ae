import { expect, test } from 'vitest'
import { Series } from './series.ts'

const shown = (series: Series) =>
  Object.fromEntries(
    series.values.map(({ labels, value }) => [Object.values(labels).toSorted().join(' '), value]),
  )

test('a label with a closed list has all of its values from the start, if there is no other label', () => {
  expect(shown(new Series({ code: ['stall', 'lost'] }, [{}]))).toEqual({ stall: 0, lost: 0 })
})

test('beside other labels it has them as soon as those occur', () => {
  const series = new Series({ state: ['failed', 'succeeded'] })
  expect(series.values).toEqual([])
  series.add({ state: 'failed', caller: 'ann' }, 2)
  series.add({ caller: 'ann', state: 'failed' }, 1)
  expect(shown(series)).toEqual({ 'ann failed': 3, 'ann succeeded': 0 })
})

test('a value that is not in the list is there all the same', () => {
  const series = new Series({ code: ['stall'] }, [{}])
  series.add({ code: 'unheard' }, 1)
  expect(shown(series)).toEqual({ stall: 0, unheard: 1 })
})
