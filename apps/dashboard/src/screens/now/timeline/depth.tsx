import { count } from '../../../format/number.ts'
import { areaPath, type Point, type Scale } from './scale.ts'

export const DEPTH_HEIGHT = 44

const NAME_HEIGHT = 16
const HEIGHT = DEPTH_HEIGHT - NAME_HEIGHT - 4

/** How long the line was. */
export const Depth = ({ points, scale }: { readonly points: readonly Point[]; readonly scale: Scale }) => {
  const most = Math.max(0, ...points.map(({ value }) => value))
  const words = most === 0 ? 'nothing waited' : `${count(most)} at most`
  return (
    <g role="img" aria-label={`Queued: ${words}`}>
      <text class="lane-name" y="12" aria-hidden="true">
        queued
        <tspan class="lane-sum" dx="8">
          {words}
        </tspan>
      </text>
      <g transform={`translate(0 ${NAME_HEIGHT + 2})`}>
        <path class="depth" d={areaPath(points, scale, HEIGHT)} />
        <path class="ground" d={`M0 ${HEIGHT}H${scale.width}`} />
      </g>
    </g>
  )
}
