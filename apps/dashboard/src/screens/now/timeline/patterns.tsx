/** What fills shapes that must be told apart without their colours. */
export const Patterns = () => (
  <defs>
    <pattern id="load" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class="hatch" width="1.6" height="5" />
    </pattern>
    <pattern id="stripes" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
      <rect class="hatch faint" width="3" height="8" />
    </pattern>
    <pattern id="crosses" width="7" height="7" patternUnits="userSpaceOnUse">
      <path class="cross" d="M1.500 1.500l4 4M5.500 1.500l-4 4" />
    </pattern>
  </defs>
)
