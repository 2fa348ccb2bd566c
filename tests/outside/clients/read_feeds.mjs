// What ical.js reads in calendars and cards: a JSON list of texts on standard input, a list of findings out.
import ICAL from "ical.js";

const UTC = ICAL.Timezone.utcTimezone;

function calendar(component) {
  for (const zone of component.getAllSubcomponents("vtimezone"))
    ICAL.TimezoneService.register(new ICAL.Timezone(zone), zone.getFirstPropertyValue("tzid"));
  return component.getAllSubcomponents("vevent").map((each) => {
    const event = new ICAL.Event(each);
    const starts = [];
    if (event.isRecurring()) {
      const places = event.iterator();
      for (let at = places.next(); at; at = places.next()) starts.push(at.convertToZone(UTC).toString());
    }
    return {
      summary: event.summary, description: event.description, uid: event.uid, starts,
      is_day: event.startDate.isDate, start: event.startDate.toString(),
      categories: each.getFirstProperty("categories")?.getValues() ?? [],
      attendees: event.attendees.map((one) => [one.getFirstValue(), one.getParameter("cn")]),
      alarms: each.getAllSubcomponents("valarm").map((one) => one.getFirstPropertyValue("trigger").toString()),
    };
  });
}

function card(component) {
  const values = (name) => component.getAllProperties(name).map((one) => one.getFirstValue());
  const named = component.getFirstProperty("n");
  return {
    full_name: component.getFirstPropertyValue("fn"), note: component.getFirstPropertyValue("note"),
    name: named?.getFirstValue(), sort_as: named?.getParameter("sort-as"),
    org: component.getFirstPropertyValue("org"), kind: component.getFirstPropertyValue("kind"),
    emails: values("email"), phones: values("tel"), addresses: values("adr"),
    categories: component.getFirstProperty("categories")?.getValues() ?? [],
  };
}

let text = "";
for await (const chunk of process.stdin) text += chunk;
const found = JSON.parse(text).map((one) => {
  const parsed = ICAL.parse(one);
  const lists = Array.isArray(parsed[0]) ? parsed : [parsed];
  return lists.map((each) => {
    const component = new ICAL.Component(each);
    return component.name === "vcalendar" ? calendar(component) : card(component);
  });
});
process.stdout.write(JSON.stringify(found));
