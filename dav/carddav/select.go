package carddav

import (
	"iter"
	"log/slog"
	"slices"

	"caldav-fcgi/dav/filter"
	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// searchable is what addressbook-query runs on (RFC 6352 §8): books, the home, a card, the directory.
type searchable interface {
	webdav.Resource
	// matching yields what matches within the depth, with what the search wants.
	matching(rq *webdav.Request, s *search, depth webdav.Depth) iter.Seq2[hit, error]
}

// hit is a card that matches, and where it is.
type hit struct {
	path webdav.Path
	card vessel
}

// search holds cards against a filter: by their keys, and by their text where these do not tell.
type search struct {
	filter *filter.CardFilter
	keys   filter.CardSelection
	want   store.Want
	left   int64 // octets of text that may still be read to decide
}

func newSearch(rq *webdav.Request, want store.Want, most int64) (*search, error) {
	f, err := filter.ParseCard(webdav.Find(rq.Body, cardDAV("filter")))
	if err != nil {
		return nil, filterRefused(err)
	}
	return &search{filter: f, keys: f.Select(), want: want, left: most}, nil
}

// filterRefused turns a fault of a filter into its precondition.
func filterRefused(err error) error {
	return home.Refusals{Collation: ErrSupportedCollation, Supported: ErrSupportedFilter, Valid: ErrValidFilter}.Refuse(err)
}

// matching: clients that send no Depth mean 1, though 0 is the default.
func (b *Book) matching(rq *webdav.Request, s *search, depth webdav.Depth) iter.Seq2[hit, error] {
	return func(yield func(hit, error) bool) {
		if depth == webdav.Depth0 {
			return
		}
		for c, err := range s.in(rq, b) {
			if err != nil {
				yield(hit{}, err)
				return
			}
			if !yield(hit{c.Path(), c}, nil) {
				return
			}
		}
	}
}

// matching of a home are cards two steps away.
func (h *Home) matching(rq *webdav.Request, s *search, depth webdav.Depth) iter.Seq2[hit, error] {
	return func(yield func(hit, error) bool) {
		if depth != webdav.DepthInfinity {
			return
		}
		books, err := h.listed(rq, nil)
		if err != nil {
			yield(hit{}, err)
			return
		}
		for _, b := range books {
			for found, err := range b.matching(rq, s, depth) {
				if !yield(found, err) {
					return
				}
			}
		}
	}
}

// matching of a card is the card; the engine has read it without its body.
func (c *Card) matching(rq *webdav.Request, s *search, _ webdav.Depth) iter.Seq2[hit, error] {
	return func(yield func(hit, error) bool) {
		res, err := rq.Find(c.Path(), store.Body)
		if err != nil {
			yield(hit{}, err)
			return
		}
		if whole, ok := res.(*Card); ok && s.byText(rq, whole) {
			yield(hit{c.Path(), whole}, nil)
		}
	}
}

// in yields the cards of a book that match.
func (s *search) in(rq *webdav.Request, b *Book) iter.Seq2[*Card, error] {
	return func(yield func(*Card, error) bool) {
		if s.left < 0 {
			return
		}
		sure, maybe, all, err := s.candidates(rq, b)
		if err != nil {
			yield(nil, err)
			return
		}
		want := s.want | store.Body
		if all {
			s.offer(rq, b.cards(rq.Tx.Objects(b.Data.ID, want)), !s.keys.Exact, yield)
			return
		}
		if s.pages(rq, b, sure, s.want, false, yield) {
			s.pages(rq, b, maybe, want, true, yield)
		}
	}
}

// page is how many cards are read in one statement.
const page = 500

// pages reads cards by their rows; false ends the search.
func (s *search) pages(rq *webdav.Request, b *Book, ids []int64, want store.Want, check bool, yield func(*Card, error) bool) bool {
	for some := range slices.Chunk(ids, page) {
		if !s.offer(rq, b.cards(rq.Tx.ObjectsByID(b.Data.ID, want, some)), check, yield) {
			return false
		}
	}
	return true
}

// offer yields those that match; false ends the search.
func (s *search) offer(rq *webdav.Request, cards iter.Seq2[*Card, error], check bool, yield func(*Card, error) bool) bool {
	for c, err := range cards {
		if err != nil {
			yield(nil, err)
			return false
		}
		if check {
			if s.left -= c.Row.Size; s.left < 0 {
				return false
			}
			if !s.byText(rq, c) {
				continue
			}
		}
		if !yield(c, nil) {
			return false
		}
	}
	return true
}

// byText decides by the card's body. A stored card that cannot be read matches nothing: it must not keep the others from
// being found.
func (s *search) byText(rq *webdav.Request, c vessel) bool {
	card, err := c.Parse()
	if err != nil {
		rq.Log.Warn("a stored card cannot be read", slog.String("card", c.Name()), slog.String("error", err.Error()))
		return false
	}
	return s.filter.Match(card)
}

// candidates asks the keys: rows that match, and rows whose text decides, both in their order; all when the keys rule out
// none.
func (s *search) candidates(rq *webdav.Request, b *Book) (sure, maybe []int64, all bool, err error) {
	if len(s.keys.Queries) == 0 {
		return nil, nil, true, nil
	}
	var found []int64
	for i, q := range s.keys.Queries {
		ids, err := rq.Tx.ObjectsByKey(b.Data.ID, keyQuery(q))
		if err != nil {
			return nil, nil, false, err
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		switch {
		case i == 0:
			found = ids
		case s.keys.All:
			found = both(found, ids)
		default:
			found = append(found, ids...)
		}
		if s.keys.All && len(found) == 0 {
			break
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	unindexed, err := rq.Tx.ObjectsByKey(b.Data.ID, store.KeyQuery{Prop: uint8(filter.Unindexed)})
	if err != nil {
		return nil, nil, false, err
	}
	slices.Sort(unindexed)
	if s.keys.Exact {
		return without(found, unindexed), unindexed, false, nil
	}
	maybe = append(found, unindexed...)
	slices.Sort(maybe)
	return nil, slices.Compact(maybe), false, nil
}

func keyQuery(q filter.CardQuery) store.KeyQuery {
	out := store.KeyQuery{Prop: uint8(q.Prop), All: q.All, Absent: q.Absent}
	kinds := map[filter.MatchType]store.KeyMatch{filter.Contains: store.KeyContains, filter.Equals: store.KeyEquals,
		filter.StartsWith: store.KeyStarts, filter.EndsWith: store.KeyEnds}
	for _, t := range q.Tests {
		out.Tests = append(out.Tests, store.KeyTest{Kind: kinds[t.Kind], Part: t.Part, Negate: t.Negate})
	}
	return out
}

// both are the numbers in each of two sorted lists.
func both(a, b []int64) []int64 {
	return slices.DeleteFunc(a, func(id int64) bool { _, ok := slices.BinarySearch(b, id); return !ok })
}

// without are the numbers of a that are not in b, which is sorted.
func without(a, b []int64) []int64 {
	return slices.DeleteFunc(a, func(id int64) bool { _, ok := slices.BinarySearch(b, id); return ok })
}
