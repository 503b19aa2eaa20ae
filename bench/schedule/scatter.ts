import { text } from './svg.ts'

/** A cloud of points, each with what was foretold and what came. */
export interface Cloud {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

const SIZE = 320
const LEFT = 40
const TOP = 50
const BOTTOM = 40
const COLOUR = '#2f6db5'

/** Draws clouds beside each other, each on a scale of its own. A point on the diagonal is right. */
export const scatterPlot = (title: string, clouds: readonly Cloud[]): string => {
  const width = clouds.length * (SIZE + LEFT) + 20
  const height = TOP + SIZE + BOTTOM
  const drawn = clouds.flatMap(({ name, points }, at) => {
    const most = Math.max(1, ...points.flat())
    const left = LEFT + at * (SIZE + LEFT)
    const x = (value: number) => left + (value / most) * SIZE
    const y = (value: number) => TOP + SIZE - (value / most) * SIZE
    return [
      text(left, TOP - 8, name),
      `<path d="M${left} ${TOP}V${TOP + SIZE}H${left + SIZE}" fill="none" stroke="#888888"/>`,
      `<path d="M${left} ${TOP + SIZE}L${left + SIZE} ${TOP}" stroke="#cccccc"/>`,
      ...points.map(
        ([foretold, came]) =>
          `<circle cx="${x(foretold).toFixed(1)}" cy="${y(came).toFixed(1)}" r="2" fill="${COLOUR}" fill-opacity="0.4"/>`,
      ),
      text(left + SIZE - 70, TOP + SIZE + 16, `foretold, to ${most.toFixed(0)} s`),
      text(left + 4, TOP + 12, 'waited'),
    ]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(LEFT, 18, title, 'font-weight="bold" font-size="13"'),
    ...drawn,
    '</svg>\n',
  ].join('\n')
}
