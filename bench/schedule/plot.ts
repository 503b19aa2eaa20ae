import { escaped, text } from './svg.ts'

/** One group of bars: a case, and a bar for each policy. */
export interface Group {
  readonly name: string
  readonly bars: readonly { readonly name: string; readonly value: number }[]
}

const WIDTH = 720
const LEFT = 10
const TITLE = 16
const BAR = 13
const GAP = 12
const COLOURS = ['#8c8c8c', '#d9a441', '#c4742f', '#2f6db5']

/** Draws bars beside each other, each group on a scale of its own: its longest bar is as long as any. */
export const barChart = (title: string, groups: readonly Group[]): string => {
  const heightOf = ({ bars }: Group) => TITLE + bars.length * BAR + GAP
  const height = groups.reduce((sum, group) => sum + heightOf(group), 60)
  let top = 50
  const drawn = groups.flatMap(group => {
    const most = Math.max(...group.bars.map(({ value }) => value))
    const begin = top
    top += heightOf(group)
    return [
      text(LEFT, begin + 10, group.name),
      ...group.bars.flatMap(({ value }, at) => {
        const width = most === 0 ? 0 : (value / most) * (WIDTH - LEFT - 80)
        const y = begin + TITLE + at * BAR
        return [
          `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" fill="${COLOURS[at]}"/>`,
          text(LEFT + width + 6, y + 10, value.toFixed(value < 100 ? 1 : 0)),
        ]
      }),
    ]
  })
  const legend = (groups[0]?.bars ?? []).flatMap(({ name }, at) => [
    `<rect x="${LEFT + at * 135}" y="26" width="10" height="10" fill="${COLOURS[at]}"/>`,
    text(LEFT + 14 + at * 135, 35, name),
  ])
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(LEFT, 18, title, 'font-weight="bold" font-size="13"'),
    ...legend,
    ...drawn,
    '</svg>\n',
  ].join('\n')
}
