package webdav

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How long a lock lasts: when the client says nothing, and at most. A client that means to keep one longer refreshes it.
const (
	lockTime    = time.Hour
	maxLockTime = 7 * 24 * time.Hour
)

// timeout reads the Timeout header (RFC 4918 §10.7): the first of its values that can be read. The server chooses
// (§6.6), so nothing here is an error.
func timeout(h http.Header) time.Duration {
	for _, line := range h.Values("Timeout") {
		for item := range strings.SplitSeq(line, ",") {
			item = strings.ToLower(strings.TrimSpace(item))
			if item == "infinite" {
				return maxLockTime
			}
			digits, ok := strings.CutPrefix(item, "second-")
			if !ok {
				continue
			}
			n, err := strconv.ParseUint(digits, 10, 32)
			if err != nil && strings.Trim(digits, "0123456789") == "" && digits != "" { // more than 2^32-1
				return maxLockTime
			}
			if err == nil && n > 0 {
				return min(time.Duration(n)*time.Second, maxLockTime)
			}
		}
	}
	return lockTime
}
