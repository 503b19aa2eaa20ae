import type { Look } from './looks.ts'

/** How something looks in a drawing, for its legend. */
export const LookMark = ({ look: { look, letter } }: { readonly look: Look }) => (
  <svg width="18" height="18" aria-hidden="true">
    <rect class={`model ${look}`} x="0.5" y="0.5" width="17" height="17" rx="3" />
    <text class="block-name" x="9" y="13">
      {letter}
    </text>
  </svg>
)
