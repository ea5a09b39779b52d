package estimate

import _ "embed"

//go:embed festival.yaml
var festival []byte

// Festival is the sheet of the case studies, festival.yaml beside this file. The ranges of clicks per exposure and of
// requests per click are what was credible before the event; the night's 200,000/s lie inside what follows.
func Festival() (Sheet, error) { return Parse("loadprofiles/estimate/festival.yaml", festival) }
