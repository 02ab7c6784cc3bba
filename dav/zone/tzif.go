package zone

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// tzif writes the binary form of a zone (RFC 8536, version 2) from its onsets in order. A VTIMEZONE's first
// TZOFFSETFROM holds before its first onset.
func tzif(onsets []onset, footer string) ([]byte, error) {
	type kind struct {
		off  int
		dst  bool
		name string
	}
	// Type 0 is of the time before the first onset; no onset refers to it, as package time expects.
	kinds := []kind{{off: onsets[0].from, name: "LMT"}}
	index := make(map[kind]byte)
	ids := make([]byte, len(onsets))
	for i, o := range onsets {
		k := kind{o.to, o.dst, abbreviation(o.name)}
		id, ok := index[k]
		if !ok {
			if len(kinds) == 256 {
				return nil, errors.New("VTIMEZONE with more than 255 kinds of time")
			}
			id = byte(len(kinds))
			index[k] = id
			kinds = append(kinds, k)
		}
		ids[i] = id
	}
	var names bytes.Buffer
	at := make(map[string]byte)
	for i, k := range kinds {
		if _, ok := at[k.name]; ok {
			continue
		}
		if names.Len()+len(k.name) > 254 { // the index into it is one octet
			kinds[i].name = kinds[0].name
			continue
		}
		at[k.name] = byte(names.Len())
		names.WriteString(k.name)
		names.WriteByte(0)
	}

	var b bytes.Buffer
	header := func(times, types, chars int) {
		b.WriteString("TZif2")
		b.Write(make([]byte, 15))
		for _, n := range []int{0, 0, 0, times, types, chars} {
			b.Write(binary.BigEndian.AppendUint32(nil, uint32(n)))
		}
	}
	header(0, 1, 1) // the part of version 1, which nobody reads
	b.Write(make([]byte, 7))
	header(len(onsets), len(kinds), names.Len())
	for _, o := range onsets {
		b.Write(binary.BigEndian.AppendUint64(nil, uint64(o.unix)))
	}
	b.Write(ids)
	for _, k := range kinds {
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(int32(k.off))))
		dst := byte(0)
		if k.dst {
			dst = 1
		}
		b.Write([]byte{dst, at[k.name]})
	}
	b.Write(names.Bytes())
	b.WriteString("\n" + footer + "\n")
	return b.Bytes(), nil
}

// abbreviation cuts a TZNAME to what the table can hold; people see the zone's name, hardly ever this.
func abbreviation(name string) string {
	var b []byte
	for i := 0; i < len(name) && len(b) < 12; i++ {
		if c := name[i]; c > ' ' && c < 0x7F {
			b = append(b, c)
		}
	}
	if len(b) == 0 {
		return "-"
	}
	return string(b)
}
