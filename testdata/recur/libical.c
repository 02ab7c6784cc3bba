/* Expands rules with libical, for the differential test of dav/recur. Each line of standard input is "DTSTART RRULE END";
 * each line of output has the instances before END, the first 100 at most. */
#include <libical/ical.h>
#include <stdio.h>
#include <string.h>

int main(void) {
	static char line[4096], start[64], rule[2048], end[64];
	while (fgets(line, sizeof line, stdin)) {
		if (sscanf(line, "%63s %2047s %63s", start, rule, end) != 3) {
			return 1;
		}
		struct icalrecurrencetype r = icalrecurrencetype_from_string(rule);
		struct icaltimetype stop = icaltime_from_string(end);
		icalrecur_iterator *it = icalrecur_iterator_new(r, icaltime_from_string(start));
		for (int n = 0; it != NULL && n < 100; n++) {
			struct icaltimetype t = icalrecur_iterator_next(it);
			if (icaltime_is_null_time(t) || icaltime_compare(t, stop) >= 0) {
				break;
			}
			printf("%s ", icaltime_as_ical_string(t));
		}
		printf("\n");
		fflush(stdout);
		icalrecur_iterator_free(it);
		icalmemory_free_ring();
	}
	return 0;
}
