package feed

import "strconv"

// palette is a few names of CSS Color Module Level 3 §4.3, spread over the wheel: RFC 7986 §5.9 has names only, while
// clients set colours as #RRGGBB or #RRGGBBAA.
var palette = []struct {
	name    string
	r, g, b int
}{
	{"black", 0, 0, 0}, {"gray", 128, 128, 128}, {"silver", 192, 192, 192}, {"white", 255, 255, 255},
	{"maroon", 128, 0, 0}, {"red", 255, 0, 0}, {"tomato", 255, 99, 71}, {"salmon", 250, 128, 114},
	{"brown", 165, 42, 42}, {"chocolate", 210, 105, 30}, {"orange", 255, 165, 0}, {"gold", 255, 215, 0},
	{"yellow", 255, 255, 0}, {"olive", 128, 128, 0}, {"yellowgreen", 154, 205, 50}, {"lime", 0, 255, 0},
	{"limegreen", 50, 205, 50}, {"green", 0, 128, 0}, {"seagreen", 46, 139, 87}, {"teal", 0, 128, 128},
	{"turquoise", 64, 224, 208}, {"aqua", 0, 255, 255}, {"skyblue", 135, 206, 235}, {"steelblue", 70, 130, 180},
	{"dodgerblue", 30, 144, 255}, {"royalblue", 65, 105, 225}, {"blue", 0, 0, 255}, {"navy", 0, 0, 128},
	{"slateblue", 106, 90, 205}, {"blueviolet", 138, 43, 226}, {"purple", 128, 0, 128}, {"orchid", 218, 112, 214},
	{"fuchsia", 255, 0, 255}, {"hotpink", 255, 105, 180}, {"crimson", 220, 20, 60}, {"tan", 210, 180, 140},
}

// colorName returns the CSS name nearest to #RRGGBB or #RRGGBBAA, "" for anything else.
func colorName(hex string) string {
	if len(hex) != 7 && len(hex) != 9 || hex[0] != '#' {
		return ""
	}
	n, err := strconv.ParseUint(hex[1:7], 16, 32)
	if err != nil {
		return ""
	}
	r, g, b := int(n>>16), int(n>>8&0xff), int(n&0xff)
	best, least := "", 1<<30
	for _, c := range palette {
		if d := (r-c.r)*(r-c.r) + (g-c.g)*(g-c.g) + (b-c.b)*(b-c.b); d < least {
			best, least = c.name, d
		}
	}
	return best
}
