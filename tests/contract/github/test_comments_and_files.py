"""Comments and files, in and out."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from support.github import ALL, FILES, START

from tieline.domain.errors import Configuration, Gone, Refused, Transient

JANE, OMAR = "jane@acme.example", "omar@acme.example"
PNG = b"\x89PNG not really"


def pasted(bench, name="shot.png", content=PNG, media_type="image/png"):
    return bench.sandbox.paste(JANE, name, content, media_type)


def test_comments_come_in_order_with_their_authors(bench, gh, make):
    id = make()
    bench.desk.comment(JANE, id, "one\ntwo")
    bench.desk.comment(OMAR, id, "**three**")
    comments = gh.read(id, ALL).comments
    assert [c.body for c in comments] == ["one\\\ntwo", "**three**"]
    assert [c.author.id for c in comments] == ["jane-doe", "omarh"]
    assert all(c.public and not c.ours and c.correlation == "" for c in comments)
    assert comments[0].created == START


def test_a_steady_read_costs_two_calls_and_gives_no_list_again(bench, gh, make):
    id = make(body=f"![]({pasted(bench)})")
    bench.desk.comment(JANE, id, f"look ![]({pasted(bench)})")
    first = gh.read(id, ALL)
    assert len(first.attachments) == 2
    bench.forget()
    marks = {m: getattr(first, m) for m in ("comments_mark", "attachments_mark")}
    again = gh.read(id, replace(ALL, **marks))
    assert (again.comments, again.attachments) == (None, None)
    assert {m: getattr(again, m) for m in marks} == marks
    assert bench.calls() == [("GET", f"/issues/{id}"), ("GET", f"/issues/{id}/comments")]


def test_an_issue_without_comments_costs_no_call_for_them(bench, gh, make):
    id = make()
    gh.read(id, ALL)
    bench.forget()
    gh.read(id, ALL)
    assert bench.calls() == [("GET", f"/issues/{id}")]


def test_our_comment_carries_its_correlation_and_is_known(bench, gh, make):
    id = make()
    made = gh.add_comment(id, "**hello** @jane-doe", public=True, correlation="c-1")
    assert made.ours
    assert (made.body, made.correlation) == ("**hello** @jane-doe", "c-1")
    assert gh.read(id, ALL).comments == (made,)
    raw = bench.sandbox.repo.comments[int(made.id)].body
    assert "@jane" not in raw
    assert raw.endswith("\n\n<!-- tieline:c-1 -->")


def test_who_copies_a_comment_of_ours_does_not_make_it_ours(bench, gh, make):
    id = make()
    made = gh.add_comment(id, "hello", public=True, correlation="c-1")
    bench.desk.comment(JANE, id, bench.sandbox.repo.comments[int(made.id)].body)
    theirs = gh.read(id, ALL).comments[1]
    assert (theirs.body, theirs.ours, theirs.correlation) == ("hello", False, "")


def test_an_edit_keeps_the_mark(bench, gh, make):
    id = make()
    made = gh.add_comment(id, "hello", public=True, correlation="c-1")
    bench.pass_time(5)
    edited = gh.edit_comment(id, made.id, "goodbye")
    assert (edited.body, edited.correlation) == ("goodbye", "c-1")
    assert edited.updated > edited.created


def test_internal_comments_are_refused_and_nothing_is_written(bench, gh, make):
    """GitHub has no private comments."""
    id = make()
    bench.forget()
    with pytest.raises(Refused, match="internal"):
        gh.add_comment(id, "secret", public=False, correlation="c")
    assert bench.calls() == []


def test_a_deleted_comment_vanishes_and_deleting_it_again_is_no_error(bench, gh, make):
    """Lists tell nothing of deleted comments."""
    id = make()
    made = gh.add_comment(id, "hello", public=True, correlation="c-1")
    mark = gh.read(id, ALL).comments_mark
    gh.delete_comment(id, made.id)
    gh.delete_comment(id, made.id)
    after = gh.read(id, replace(ALL, comments_mark=mark))
    assert after.comments == ()
    with pytest.raises(Gone):
        gh.edit_comment(id, made.id, "x")


@pytest.mark.parametrize("id", ["", "x", "../1", "1/2", "0"])
def test_what_is_no_id_of_a_comment_reaches_no_call(bench, gh, make, id):
    issue = make()
    bench.forget()
    for act in (lambda: gh.edit_comment(issue, id, "x"), lambda: gh.delete_comment(issue, id)):
        with pytest.raises(Gone):
            act()
    assert bench.calls() == []


def test_an_edit_within_the_second_of_the_last_one_is_noticed(bench, gh, make):
    """`updated_at` has a grain of a second."""
    id = make()
    comment = bench.desk.comment(JANE, id, "one")
    mark = gh.read(id, ALL).comments_mark
    bench.desk.edit_comment(JANE, id, comment, "two")
    assert gh.read(id, replace(ALL, comments_mark=mark)).comments[0].body == "two"


def test_a_locked_issue_takes_no_comment_of_ours_without_a_role(bench, gh, make):
    id = make()
    bench.sandbox.lock(JANE, id)
    bench.sandbox.repo.user("tieline").role = "read"
    with pytest.raises(Refused) as refused:
        gh.add_comment(id, "x", public=True, correlation="c")
    assert "locked" in refused.value.words


def test_a_lost_answer_to_a_comment_is_uncertain_and_the_comment_tells_that_it_was_made(
    bench, gh, make
):
    id = make()
    bench.sandbox.faults.lost_answer("POST", ".*/comments")
    with pytest.raises(Transient) as failure:
        gh.add_comment(id, "x", public=True, correlation="c-1")
    assert failure.value.uncertain
    assert [c.correlation for c in gh.read(id, ALL).comments] == ["c-1"]


def test_hundreds_of_comments_are_listed_whole(bench, gh, make):
    id = make()
    gh.read(id, ALL)
    for number in range(230):
        bench.desk.comment(JANE, id, str(number))
    bench.forget()
    comments = gh.read(id, ALL).comments
    assert [c.body for c in comments] == [str(n) for n in range(230)]
    assert len(bench.calls()) == 4


def test_a_comment_deleted_while_pages_are_read_hides_no_other(bench, gh, make, monkeypatch):
    """The others move up, and one at the edge of a page would be missed."""
    id = make()
    made = [bench.desk.comment(JANE, id, str(number)) for number in range(150)]
    pages, call = [], gh._api.call

    def between(method, path, **more):
        answer = call(method, path, **more)
        if path.endswith("/comments"):
            pages.append(path)
            if len(pages) == 1:
                bench.desk.delete_comment(JANE, id, made[3])
        return answer

    monkeypatch.setattr(gh._api, "call", between)
    bodies = [c.body for c in gh.read(id, ALL).comments]
    assert bodies == [str(n) for n in range(150) if n != 3]


def test_a_picture_in_a_body_is_a_file_and_shown_by_its_name(bench, gh, make):
    id = make(body=f"see ![the shot.png]({pasted(bench)})")
    ticket = gh.read(id, ALL)
    (file,) = ticket.attachments
    assert (file.name, file.media_type, file.size) == ("the shot.png", "image/png", len(PNG))
    assert not file.ours
    assert ticket.fields["body"] == "see ![the shot.png](attachment:the%20shot.png)"
    assert gh.open_attachment(id, file).read() == PNG


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("![a.png]({})", "a.png"),
        ("![image]({})", "image-{id}.png"),
        ("![]({})", "image-{id}.png"),
        ("![the screen]({})", "image-{id}.png"),
        ("![version 1.2]({})", "image-{id}.png"),
        ('![the screen]({} "a.png")', "a.png"),
        ('<img width="3" alt="x y.png" src="{}" />', "x y.png"),
        ('<img src="{}" alt="x y.png">', "x y.png"),
        ("![a/b:c.png]({})", "a_b_c.png"),
    ],
)
def test_a_picture_is_called_by_its_address_unless_a_text_gives_a_files_name(
    bench, gh, make, text, name
):
    url = pasted(bench)
    (file,) = gh.read(make(body=text.format(url)), ALL).attachments
    assert file.name == name.format(id=url.rpartition("/")[2][:8])


def test_a_picture_keeps_its_name_whatever_words_stand_before_it(bench, gh, make):
    """A copy on the other side has the name that was read first."""
    url = pasted(bench)
    id = make()
    bench.desk.comment(JANE, id, f"![left.png]({url})")
    for words in ("the screen", "other.words", ""):
        bench.desk.edit(JANE, id, body=f"![{words}]({url})")
        ticket = gh.read(id, ALL)
        assert [file.name for file in ticket.attachments] == ["left.png"]
        assert "(attachment:left.png)" in ticket.fields["body"]
    only = gh.read(make(body=f"![a b.png]({url})"), ALL)
    after = gh.update(only, {"body": "![new words](attachment:a%20b.png)"}, ALL)
    assert bench.sandbox.raw(only.id) == f'![new words]({url} "a b.png")'
    assert after.fields["body"] == "![new words](attachment:a%20b.png)"


def test_a_file_has_the_letters_that_github_put_points_in_place_of(bench, gh, make):
    name = "Größe & Maß (1).pdf"
    url = pasted(bench, name, b"pdf", "application/pdf")
    assert "%" not in url
    for words, read in ((name, name), ("the paper", url.rpartition("/")[2])):
        (file,) = gh.read(make(body=f"[{words}]({url})"), ALL).attachments
        assert file.name == read


def test_two_pictures_of_one_name_are_told_apart(bench, gh, make):
    id = make(body=f"![a.png]({pasted(bench)}) ![a.png]({pasted(bench)})")
    first, second = gh.read(id, ALL).attachments
    assert first.name == "a.png"
    assert second.name.startswith("a-")
    assert second.name.endswith(".png")


def test_a_picture_keeps_its_address_through_an_edit_of_the_text(bench, gh, make):
    url = pasted(bench)
    before = gh.read(make(body=f"see ![shot.png]({url})"), ALL)
    after = gh.update(before, {"body": "now " + before.fields["body"]}, ALL)
    assert bench.sandbox.raw(before.id) == f"now see ![shot.png]({url})"
    assert after.fields["body"] == "now see ![shot.png](attachment:shot.png)"


def test_a_picture_of_a_comment_is_found_for_a_body_and_a_name_that_is_none_stays_words(
    bench, gh, make
):
    id = make()
    url = pasted(bench)
    bench.desk.comment(JANE, id, f"![shot.png]({url})")
    before = gh.read(id, ALL)
    assert before.comments[0].body == "![shot.png](attachment:shot.png)"
    text = "![shot](attachment:shot.png) ![other](attachment:gone.png)"
    gh.update(before, {"body": text}, ALL)
    assert bench.sandbox.raw(id) == f'![shot]({url} "shot.png") other'
    made = gh.add_comment(id, "again ![s](attachment:shot.png)", public=True, correlation="c")
    assert url in bench.sandbox.repo.comments[int(made.id)].body


def test_a_private_repositorys_picture_is_had_by_its_signed_address(bench, gh, make):
    """A token opens no file of a private repository: 404 at its own address."""
    bench.sandbox.repo.private = True
    id = make(body=f"![shot]({pasted(bench)})")
    ticket = gh.read(id, ALL)
    (file,) = ticket.attachments
    bench.pass_time(600)
    bench.forget()
    assert gh.open_attachment(id, file).read() == PNG
    assert not any("user-attachments" in path for _, path in bench.calls())


def test_a_private_repositorys_other_file_stays_a_link(bench, gh, make):
    bench.sandbox.repo.private = True
    url = pasted(bench, "a.pdf", b"pdf", "application/pdf")
    ticket = gh.read(make(body=f"[a.pdf]({url})"), ALL)
    assert ticket.attachments == ()
    assert ticket.fields["body"] == f"[a.pdf]({url})"


def test_a_public_repositorys_other_file_is_had_through_its_redirect(bench, gh, make):
    id = make(body=f"[a.pdf]({pasted(bench, 'a.pdf', b'pdf', 'application/pdf')})")
    (file,) = gh.read(id, ALL).attachments
    assert (file.name, file.media_type, file.size) == ("a.pdf", "application/pdf", 3)
    assert gh.open_attachment(id, file).read() == b"pdf"


def test_stores_of_files_get_no_credentials(bench, gh, make):
    pdf = pasted(bench, "a.pdf", b"pdf", "application/pdf")
    id = make(body=f"![shot]({pasted(bench)}) [a.pdf]({pdf})")
    for file in gh.read(id, ALL).attachments:
        gh.open_attachment(id, file).read()
    asked = bench.sandbox.traffic.exchanges()
    stores = [e for e in asked if not e.path.startswith(("/repos", "/user/", "/users/"))]
    assert len([e for e in stores if e.path != "/user"]) >= 6
    stores = [e for e in stores if e.path != "/user"]
    assert not any("authorization" in e.headers for e in stores)
    # A packed file would be larger or smaller than its length says.
    assert {e.headers["accept-encoding"] for e in stores} == {"identity"}


def test_a_signed_address_stands_in_no_message_and_in_no_telemetry(bench, make):
    told = []
    gh = bench.connector(watch=lambda *call: told.append(call))
    id = make(body=f"![shot]({pasted(bench)})")
    (file,) = gh.read(id, ALL).attachments
    bench.sandbox.faults.status(500, "GET", "/101/.*", count=-1)
    with pytest.raises(Transient) as failure:
        gh.open_attachment(id, file)
    said = f"{told} {failure.value}"
    assert "/101/" not in said
    assert "until-" not in said
    assert file.id not in said
    assert ("GET", "/{step0}/{step1}", 200) in told


def test_an_address_of_another_host_is_no_file(bench, gh, make):
    text = "![x](https://evil.example/user-attachments/assets/11111111-1111-1111-1111-111111111111)"
    ticket = gh.read(make(body=text), ALL)
    assert ticket.attachments == ()
    assert ticket.fields["body"] == text


def test_a_signed_address_of_another_host_is_not_followed(bench, gh, make, monkeypatch):
    id = make(body=f"![shot]({pasted(bench)})")
    monkeypatch.setattr(
        "tieline_ops.sandbox.github.render.SIGNED", "https://evil.githubusercontent.com.example"
    )
    assert gh.read(id, ALL).attachments == ()


def test_a_file_whose_text_was_deleted_is_gone(bench, gh, make):
    id = make(body=f"![shot]({pasted(bench)})")
    (file,) = gh.read(id, ALL).attachments
    bench.desk.edit(JANE, id, body="nothing")
    with pytest.raises(Gone):
        gh.open_attachment(id, file)


def test_a_file_in_somebodys_text_is_not_deleted(bench, gh, make):
    id = make(body=f"![shot]({pasted(bench)})")
    (file,) = gh.read(id, ALL).attachments
    with pytest.raises(Refused) as refused:
        gh.delete_attachment(id, file.id)
    assert "text" in refused.value.words


def test_without_a_branch_no_file_is_added_and_the_words_say_how(gh, make):
    """GitHub has no API to add a file to an issue."""
    with pytest.raises(Refused) as refused:
        gh.add_attachment(make(), "a.txt", "text/plain", io.BytesIO(b"abc"))
    assert "branch" in refused.value.words


def test_with_a_branch_a_file_is_committed_and_a_comment_stands_for_it(bench, make):
    gh, id = bench.connector(**FILES), make()
    made = gh.add_attachment(id, "a [1]@x.txt", "text/plain", io.BytesIO(b"abc"))
    assert (made.name, made.media_type, made.size, made.ours) == (
        "a [1]@x.txt", "text/plain", 3, True,
    )  # fmt: skip
    read = gh.read(id, ALL)
    assert read.attachments == (made,)
    assert read.comments == ()
    assert gh.open_attachment(id, made).read() == b"abc"
    assert bench.desk.see(id).files == {"a [1]@x.txt": b"abc"}
    assert "#" not in "".join(str(e.body) for e in bench.sandbox.traffic.exchanges("PUT"))


def test_a_file_of_ours_goes_with_its_comment_and_again_is_no_error(bench, make):
    gh, id = bench.connector(**FILES), make()
    made = gh.add_attachment(id, "a.txt", "text/plain", io.BytesIO(b"abc"))
    gh.delete_attachment(id, made.id)
    gh.delete_attachment(id, made.id)
    assert bench.sandbox.repo.files == {}
    assert gh.read(id, ALL).attachments == ()
    with pytest.raises(Gone):
        gh.open_attachment(id, made)


def test_a_picture_of_ours_is_shown_in_a_text_and_comes_back_by_its_name(bench, make):
    gh, id = bench.connector(**FILES), make()
    gh.add_attachment(id, "shot.png", "image/png", io.BytesIO(PNG))
    text = "see ![s](attachment:shot.png)"
    after = gh.update(gh.read(id, ALL), {"body": text}, ALL)
    assert "/blob/tieline-files/issues/" in bench.sandbox.raw(id)
    assert gh.read(id, ALL).fields["body"] == text
    assert after.id == id


def test_a_file_of_ours_is_listed_by_a_link_that_no_longer_adds_any(bench, gh, make):
    id = make()
    made = bench.connector(**FILES).add_attachment(id, "a.txt", "text/plain", io.BytesIO(b"abc"))
    assert gh.read(id, ALL).attachments == (made,)


def test_a_person_cannot_pass_a_comment_off_as_a_file_of_ours(bench, make):
    gh, id = bench.connector(**FILES), make()
    made = gh.add_attachment(id, "a.txt", "text/plain", io.BytesIO(b"abc"))
    copied = bench.sandbox.repo.comments[int(made.id[1:])].body
    bench.desk.comment(JANE, id, copied)
    read = gh.read(id, ALL)
    assert read.attachments == (made,)
    assert len(read.comments) == 1


def test_a_commit_that_came_between_is_tried_again_later(bench, make):
    gh, id = bench.connector(**FILES), make()
    bench.sandbox.faults.status(409, "PUT", ".*/contents/.*")
    with pytest.raises(Transient):
        gh.add_attachment(id, "a.txt", "text/plain", io.BytesIO(b"abc"))


def test_a_branch_that_is_not_there_is_a_configuration_error(bench, make):
    gh = bench.connector(files_branch="nowhere")
    with pytest.raises(Configuration, match="files_branch"):
        gh.add_attachment(make(), "a.txt", "text/plain", io.BytesIO(b"abc"))


@pytest.mark.parametrize("branch", ["-x", "a..b", "a b", "/a"])
def test_what_is_no_branch_is_a_configuration_error(bench, branch):
    with pytest.raises(Configuration, match="files_branch"):
        bench.connector(files_branch=branch)


def test_a_file_is_not_copied_for_a_name_that_would_be_a_path(bench, make):
    gh, id = bench.connector(**FILES), make()
    made = gh.add_attachment(id, "../../x\\y.txt", "text/plain", io.BytesIO(b"abc"))
    ((_, path),) = bench.sandbox.repo.files
    assert path.count("/") == 3
    assert ".." not in path.split("/")
    assert made.name == "../../x\\y.txt"
    assert gh.open_attachment(id, made).read() == b"abc"


def test_people_see_and_type_pictures_by_the_names_of_files(bench, make):
    gh, id = bench.connector(**FILES), make()
    gh.add_attachment(id, "ours.png", "image/png", io.BytesIO(PNG))
    bench.desk.attach(JANE, id, "theirs.png", PNG, "image/png")
    text = "![a](attachment:ours.png) ![b](attachment:theirs.png) ![c](attachment:none.png)"
    bench.desk.edit(JANE, id, body=text)
    assert "attachment:ours" not in bench.sandbox.raw(id)
    assert "attachment:theirs" not in bench.sandbox.raw(id)
    assert bench.desk.see(id).fields["body"] == text.replace("attachment:none", "none")
    assert gh.read(id, ALL).fields["body"].startswith(text.partition(" ![c")[0])
