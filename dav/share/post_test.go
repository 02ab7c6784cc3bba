package share

import (
	"testing"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

const begin = `<cs:share xmlns:d="DAV:" xmlns:cs="http://calendarserver.org/ns/" xmlns:s="urn:caldav-fcgi:share">`

func TestChangesIn_BothDialects(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]change{
		begin + `<cs:set><d:href> a </d:href><cs:summary>S</cs:summary><cs:read/></cs:set></cs:share>`:                                                                  {href: "a", level: privilege.ShareRead, summary: "S"},
		begin + `<cs:x/><cs:set><d:href>a</d:href><cs:read-write/></cs:set></cs:share>`:                                                                                 {href: "a", level: privilege.ShareReadWrite},
		begin + `<cs:set><d:href>a</d:href><cs:read-write/><s:level><s:busy-title/></s:level></cs:set></cs:share>`:                                                      {href: "a", level: privilege.ShareBusyTitle, exact: true},
		begin + `<cs:remove><d:href>a</d:href></cs:remove></cs:share>`:                                                                                                  {href: "a", remove: true},
		`<d:share-resource xmlns:d="DAV:"><d:sharee><d:href>a</d:href><d:comment>C</d:comment><d:share-access><d:read/></d:share-access></d:sharee></d:share-resource>`: {href: "a", level: privilege.ShareRead, comment: "C"},
		`<d:share-resource xmlns:d="DAV:"><d:sharee><d:href>a</d:href><d:share-access><d:no-access/></d:share-access></d:sharee></d:share-resource>`:                    {href: "a", remove: true},
	} {
		root, err := webdav.ParseXML([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := changesIn(root); err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s:\ngot %+v, %v\nwant %+v", body, got, err, want)
		}
	}
}

func TestShownLevel_ReadingShowsNoMoreThanItDid(t *testing.T) {
	t.Parallel()
	before := &store.Share{Level: privilege.ShareBusyTime}
	for _, row := range []struct {
		asked  privilege.Level
		exact  bool
		before *store.Share
		want   privilege.Level
	}{
		{privilege.ShareRead, false, nil, privilege.ShareRead},
		{privilege.ShareRead, false, before, privilege.ShareBusyTime},
		{privilege.ShareRead, true, before, privilege.ShareRead},
		{privilege.ShareReadWrite, false, before, privilege.ShareReadWrite},
		{privilege.ShareRead, false, &store.Share{Level: privilege.ShareReadWrite}, privilege.ShareRead},
	} {
		if got := shownLevel(row.asked, row.exact, row.before); got != row.want {
			t.Errorf("%+v: %d", row, got)
		}
	}
}

// Whatever is posted, it is read or refused.
func FuzzPosts(f *testing.F) {
	f.Add([]byte(begin + `<cs:set><d:href>a</d:href><cs:read/><s:level><s:free-busy/></s:level></cs:set></cs:share>`))
	f.Add([]byte(`<d:share-resource xmlns:d="DAV:"><d:sharee><d:share-access/></d:sharee></d:share-resource>`))
	f.Add([]byte(`<invite-reply xmlns="http://calendarserver.org/ns/"><invite-accepted/><in-reply-to>x</in-reply-to></invite-reply>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		root, err := webdav.ParseXML(body)
		if err != nil || root == nil {
			return
		}
		list, err := changesIn(root)
		for _, ch := range list {
			if err == nil && !ch.remove && ch.level.Name() == "" {
				t.Errorf("level %d", ch.level)
			}
		}
		if r, err := replyIn(root); err == nil && r.uid == "" {
			t.Error("a reply to nothing")
		}
	})
}
